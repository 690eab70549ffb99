import Scheduling
import Testing

@testable import Domain

@Suite struct OverlapPolicyTests {
    @Test(arguments: [
        (OverlapPolicy.skip, 0, 0, true, OverlapPolicy.Decision.run), (.skip, 1, 0, true, .skip(.overlap)),
        (.skip, 1, 1, true, .skip(.overlap)), (.skip, 1, 0, false, .run), (.skip, 1_000, 999, false, .run),
        (.skip, 1_000, 1_000, false, .skip(.queueFull)),
        (.queue, 0, 0, true, .run), (.queue, 5, 4, true, .run), (.queue, 1_000, 999, true, .run),
        (.queue, 1_000, 1_000, true, .skip(.queueFull)), (.queue, 1_001, 1_000, false, .skip(.queueFull)),
        (.allow, 0, 0, true, .run), (.allow, 5_000, 999, true, .run), (.allow, 1_000, 1_000, true, .skip(.queueFull)),
        (.allow, 1_000, 1_000, false, .skip(.queueFull)),
        (.cancelPrevious, 0, 0, true, .run), (.cancelPrevious, 1, 0, true, .supersede),
        (.cancelPrevious, 1, 1, false, .supersede), (.cancelPrevious, 2_000, 2_000, true, .supersede),
    ])
    func `a new run meets unfinished ones`(
        policy: OverlapPolicy, unfinished: Int, waiting: Int, isSlot: Bool, expected: OverlapPolicy.Decision
    ) {
        #expect(policy.decision(unfinished: unfinished, waiting: waiting, isSlot: isSlot) == expected)
    }
}

@Suite struct RetryPolicyTests {
    private func policy(_ maxRetries: Int, _ backoff: Backoff = .fixed) -> RetryPolicy {
        RetryPolicy(maxRetries: maxRetries, delay: 10, backoff: backoff)
    }

    @Test func `what went well or was cancelled ends`() {
        #expect(policy(3).decision(after: .succeeded, attempt: 1) == .end(.completed, nil))
        for reason in [Reason.requested, .taskCancelled, .superseded] {
            #expect(policy(3).decision(after: .cancelled(reason), attempt: 1) == .end(.cancelled, reason))
        }
    }

    @Test(arguments: [
        (Outcome.failed(.exitCode), RetryDecision.end(.failed, .exitCode)),
        (.failed(.signal), .end(.failed, .signal)), (.failed(.spawnError), .end(.failed, .spawnError)),
        (.timedOut, .end(.timeout, .timeout)),
    ])
    func `what failed goes on until the attempts are used up`(outcome: Outcome, end: RetryDecision) {
        #expect(policy(2).decision(after: outcome, attempt: 1) == .again(after: 10))
        #expect(policy(2).decision(after: outcome, attempt: 2) == .again(after: 10))
        #expect(policy(2).decision(after: outcome, attempt: 3) == end)
        #expect(policy(0).decision(after: outcome, attempt: 1) == end)
    }

    @Test(arguments: [(Outcome.lost, Reason.lost), (.shutDown, .shutdown)])
    func `what was interrupted is replaced while attempts are left`(outcome: Outcome, reason: Reason) {
        #expect(policy(1).decision(after: outcome, attempt: 1) == .replace(reason, after: 10))
        #expect(policy(1).decision(after: outcome, attempt: 2) == .replace(reason, after: nil))
        #expect(policy(0).decision(after: outcome, attempt: 1) == .replace(reason, after: nil))
    }

    @Test func `exponential delays double up to a day`() {
        let delays = (1...10).map { policy(10, .exponential).decision(after: .timedOut, attempt: $0) }
        #expect(delays.prefix(3) == [.again(after: 10), .again(after: 20), .again(after: 40)])
        #expect(delays.last == .again(after: 5_120))
        let slow = RetryPolicy(maxRetries: 10, delay: 80_000, backoff: .exponential)
        #expect(slow.decision(after: .lost, attempt: 2) == .replace(.lost, after: 86_400))
    }

    @Test func `only ends are ends`() {
        #expect(ExecutionStatus.allCases.filter { !$0.isEnd } == [.pending, .running])
    }
}

@Suite struct OutputTextTests {
    private func cut(_ text: String, limit: Int) -> String {
        OutputText.cut(head: text, tail: text, byteCount: text.utf8.count, limit: limit)
    }

    private func mark(_ cut: String) -> String { "\n[... \(cut) bytes cut by qkron ...]\n" }

    @Test func `head and tail are kept, and the mark counts what lies between`() {
        let text = "ab" + String(repeating: "-", count: 1_230) + "yz"
        #expect(cut(text, limit: mark("1,234").utf8.count + 4) == "ab" + mark("1,230") + "yz")
    }

    @Test func `no character is cut in half, and what is left of it counts as cut`() {
        let room = mark("12").utf8.count
        #expect(cut("aéééééb", limit: room + 4) == "a" + mark("10") + "b")
        #expect(cut("éééééé", limit: room + 8) == "éé" + mark("4") + "éé")
        #expect(cut("😀😀😀", limit: room + 6) == mark("12"))
    }

    @Test func `head and tail may be longer excerpts of a longer text`() {
        let limit = mark("1,000").utf8.count + 6
        #expect(
            OutputText.cut(head: "abcd", tail: "wxyz", byteCount: 1_000, limit: limit) == "abc" + mark("994") + "xyz")
    }

    @Test(arguments: [100, 101, 16_384]) func `the mark is within the limit`(limit: Int) {
        #expect(cut(String(repeating: "x", count: 50_000), limit: limit).utf8.count <= limit)
    }
}
