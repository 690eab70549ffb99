import Domain
import Foundation
import Scheduling
import Testing

/// Verdicts of a task due every ten seconds, told by seconds after an instant.
@Suite struct SlotLedgerTests {
    private let base = Date(timeIntervalSince1970: 1_800_000_000)

    private func at(_ seconds: Double) -> Date { base + seconds }

    private func period(_ from: Double, _ until: Double?, isActive: Bool = true, every text: String = "10s")
        -> SchedulePeriod
    {
        SchedulePeriod(
            timing: TaskTiming(
                kind: .interval, text: text, timezone: "UTC", startsAt: nil, endsAt: nil, anchor: base, onceAt: nil),
            isActive: isActive, from: at(from), until: until.map(at))
    }

    private func run(_ slot: Double, _ status: ExecutionStatus = .completed, _ reason: Reason? = nil) -> SlotRun {
        SlotRun(scheduledFor: at(slot), id: Identifier(), status: status, reason: reason)
    }

    private func evidence(
        _ periods: [SchedulePeriod], runs: [SlotRun] = [], repeats: [SlotRun] = [], pauses: [FiringPause] = [],
        nextRun: Double? = 1_000, prunedBefore: Double? = nil, now: Double = 900, grace: Int = 5
    ) -> SlotLedger.Evidence {
        SlotLedger.Evidence(
            nextRun: nextRun.map(at), misfireGrace: grace, periods: periods, pauses: pauses, runs: runs,
            repeats: repeats, prunedBefore: prunedBefore.map(at), now: at(now))
    }

    /// Every slot as `seconds: verdict reason`.
    private func verdicts(
        _ evidence: SlotLedger.Evidence, from: Double = 0, until: Double = 51
    ) throws -> [String] {
        try SlotLedger(evidence, since: at(from), until: at(until)).records.map { record in
            let words = [record.verdict.rawValue, record.reason?.rawValue].compactMap(\.self)
            return "\(Int(record.scheduledFor.timeIntervalSince(base))): \(words.joined(separator: " "))"
        }
    }

    @Test func `a slot reads as its latest execution says`() throws {
        let again = run(40, .failed, .exitCode)
        let found = evidence(
            [period(0, nil)],
            runs: [
                run(10), run(20, .skipped, .overlap), run(30, .pending, .jitter), run(40, .failed, .lost),
                run(50, .running),
            ], repeats: [again])
        #expect(
            try verdicts(found) == [
                "10: ran", "20: skipped overlap", "30: ran jitter", "40: ran exit_code", "50: ran",
            ])
        let records = try SlotLedger(found, since: base, until: at(51)).records
        #expect(records[3].executionID == again.id && records[3].status == .failed)
        #expect(records[4].status == .running)
    }

    @Test func `what has no execution is told from what is remembered`() throws {
        #expect(
            try verdicts(
                evidence(
                    [period(0, 15), period(15, 33, isActive: false), period(33, nil)], runs: [run(10), run(50)],
                    prunedBefore: nil))
                == ["10: ran", "20: skipped paused", "30: skipped paused", "40: missed server_down", "50: ran"])
        #expect(
            try verdicts(evidence([period(0, nil)], runs: [run(40)], prunedBefore: 30)) == [
                "10: missed record_expired", "20: missed record_expired", "30: missed record_expired", "40: ran",
                "50: missed server_down",
            ])
    }

    @Test func `a pause of all firing explains its slots, to the instant`() throws {
        let pauses = [
            FiringPause(pausedAt: at(20), pausedBy: nil, resumedAt: at(30)),
            FiringPause(pausedAt: at(45), pausedBy: nil, resumedAt: nil),
        ]
        // Slot 40 was still within its grace when the second pause began.
        #expect(
            try verdicts(evidence([period(0, nil)], runs: [run(10)], pauses: pauses, nextRun: 40)) == [
                "10: ran", "20: skipped paused", "30: skipped paused", "40: missed late", "50: skipped paused",
            ])
    }

    @Test func `a slot not taken up yet is late within its grace, and then missed`() throws {
        func last(now: Double, nextRun: Double?) throws -> String? {
            try verdicts(evidence([period(0, nil)], nextRun: nextRun, now: now, grace: 5), until: now).last
        }
        #expect(try last(now: 54, nextRun: 30) == "50: missed late")
        #expect(try last(now: 56, nextRun: 30) == "50: missed server_down")
        #expect(try last(now: 54, nextRun: 60) == "50: missed server_down", "it was decided, and left no trace")
        #expect(
            try verdicts(evidence([period(0, 51, every: "50s"), period(51, nil, every: "1h")])) == ["50: missed late"],
            "a change came first")
    }

    @Test func `each period has the slots of its own schedule`() throws {
        #expect(
            try verdicts(evidence([period(0, 25), period(25, nil, every: "7s")]), until: 43).map { $0.prefix(2) }
                == ["10", "20", "28", "35", "42"])
        #expect(
            try verdicts(evidence([period(0, 20), period(20, nil)], runs: [run(13)])).map { $0.prefix(2) }
                == ["10", "13", "20", "30", "40", "50"], "what has its execution was due; no slot comes twice")
    }

    @Test func `a once time in the past is a slot as soon as it is due`() throws {
        let once = SchedulePeriod(
            timing: TaskTiming(
                kind: .once, text: "x", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: nil, onceAt: at(20)),
            isActive: true, from: at(500), until: nil)
        #expect(try verdicts(evidence([once], nextRun: 20)) == ["20: missed server_down"])
        #expect(try verdicts(evidence([once], runs: [run(20)], nextRun: nil)) == ["20: ran"])
        #expect(try verdicts(evidence([once], nextRun: nil)) == [])
    }

    @Test func `a window has its bound, reached without counting on`() throws {
        let seconds = evidence([period(0, nil, every: "1s")], now: 1e9)
        #expect(try SlotLedger(seconds, since: at(1), until: at(100_001)).records.count == 100_000)
        #expect(throws: SlotLedger.TooManySlots.self) {
            try SlotLedger(seconds, since: at(1), until: at(100_002))
        }
        #expect(throws: SlotLedger.TooManySlots.self) {
            try SlotLedger(seconds, since: at(1), until: at(9e8))
        }
    }
}
