import Testing

@testable import Torture

/// The checker finds what is spoilt, and nothing else.
@Suite struct PromiseTests {
    @Test func `a good run breaks no promise`() {
        #expect(Sample().broken == [])
    }

    @Test func `a slot without an execution is found`() {
        var sample = Sample()
        sample.executions.remove(at: 1)
        sample.lines.removeAll { $0.contains("run102") }
        // The last slot may be overtaken by the pause at the end; this one may not.
        #expect(sample.broken == ["every due slot has exactly one verdict"])
    }

    @Test func `a slot with two executions is found`() {
        var sample = Sample()
        sample.executions.append(Sample.execution(103, id: "twin", token: 200))
        sample.lines += Sample.lines(103, id: "twin", token: 200, from: 103.3)
        #expect(
            sample.broken.isSuperset(of: [
                "every due slot has exactly one verdict", "no slot is doubled, and none is off its schedule",
                "no slot ran again but after a failed, timed out, lost or shut down attempt",
            ]))
    }

    @Test func `an execution off the schedule is found`() {
        var sample = Sample()
        sample.executions.append(Sample.execution(99))
        sample.lines = Sample.lines(99) + sample.lines
        #expect(sample.broken == ["no slot is doubled, and none is off its schedule"])
    }

    @Test func `a slot that fired early is found`() {
        var sample = Sample()
        sample.executions[1] = Sample.execution(102, createdAt: 101_999_999)
        #expect(sample.broken == ["no slot fires before its time"])
    }

    @Test func `runs that overlap, and tokens that shrink, are found`() {
        var sample = Sample()
        sample.lines = Sample.lines(101, to: 102.1) + Sample.lines(102) + (103...105).flatMap { Sample.lines($0) }
        sample.executions[0] = Sample.execution(101, endedAt: 102_200_000)
        #expect(sample.broken == ["runs that exclude each other never overlap in the ledger's times"])
        sample = Sample()
        sample.executions[2] = Sample.execution(103, token: 5)
        sample.lines = sample.lines.filter { !$0.contains("run103") } + Sample.lines(103, token: 5)
        #expect(sample.broken == ["fencing tokens grow from each attempt to those that follow it"])
    }

    @Test func `a completed run that never wrote its end is found`() {
        var sample = Sample()
        sample.lines.removeAll { $0.hasPrefix("end") && $0.contains("run104") }
        #expect(sample.broken == ["every completed run wrote its last line"])
    }

    @Test func `a run that nobody granted is found`() {
        var sample = Sample()
        sample.lines += Sample.lines(105, attempt: 2, token: 300, from: 105.6)
        #expect(sample.broken.contains("every attempt started once, and its execution knows of it"))
    }

    @Test func `a late result of a run that was given away is found`() {
        var sample = Sample()
        sample.executions[0] = Sample.execution(101, status: "failed", reason: "lost")
        sample.executions.append(
            Sample.execution(
                101, id: "retry", trigger: "retry", attempts: 2, retryOf: "run101", token: 101_000, endedAt: 101_990_000
            ))
        sample.executions[1] = Sample.execution(102, token: 102_000)
        let retry = Sample.lines(101, id: "retry", attempt: 2, token: 101_000, from: 101.6)
        sample.lines = Sample.lines(101) + retry + Sample.lines(102, token: 102_000)
        sample.executions.removeAll { $0.slot > 102_000_000 }
        sample.executions += (103...105).map { Sample.execution($0, token: $0 * 1_000) }
        sample.lines += (103...105).flatMap { Sample.lines($0, token: $0 * 1_000) }
        #expect(sample.broken == [])
        sample.executions[0] = Sample.execution(101)
        #expect(
            sample.broken == [
                "a run that was given away stays lost, and was dead before its retry started",
                "no slot ran again but after a failed, timed out, lost or shut down attempt",
            ])
    }

    @Test func `a loss without its retry is found, and a failure before its time`() {
        var sample = Sample()
        sample.executions[0] = Sample.execution(101, status: "failed", reason: "lost")
        #expect(sample.broken == ["every lost run with attempts left has one retry"])
        sample.executions[0] = Sample.execution(101, status: "failed", reason: "exit_code")
        #expect(sample.broken == ["a run fails only when its attempts are used up, and never makes more"])
    }

    @Test func `a run that is recorded as ended while it lives is found`() {
        var sample = Sample()
        sample.executions[0] = Sample.execution(101, endedAt: 101_100_000)
        #expect(sample.broken == ["a run is recorded as ended only when its processes are dead"])
    }

    @Test func `an answered write that is not stored is found; one without an answer may be`() {
        var sample = Sample()
        sample.note(.setActive(false), .done(id: nil))
        #expect(sample.broken == ["every write that was answered 2xx is there"])
        sample.note(.setActive(true), .unknown(nil))
        #expect(sample.broken == [])
        sample.note(.setActive(false), .done(id: nil))
        sample.isActive = false
        sample.note(.execute, .done(id: "nowhere"))
        #expect(sample.broken == ["every write that was answered 2xx is there"])
    }

    @Test func `processes that are left, and meetings of commands, are found`() {
        var sample = Sample()
        sample.processes = ["1 (parent 1): sleep"]
        sample.lines.append("beside task 105 run105 1 105 105 105000000000")
        #expect(
            sample.broken == [
                "no process of a command is left",
                "no command met another that excludes it (by a lock that all its processes hold)",
            ])
    }
}
