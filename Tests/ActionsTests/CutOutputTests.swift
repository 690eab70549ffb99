import Domain
import Testing

@testable import Executor

/// The executor marks where it cut the output of a command; lists cut it again, and read that mark.
struct CutOutputTests {
    private static func mark(in text: String) throws -> String {
        let pattern = try Regex<Substring>(OutputText.markPattern)
        return String(try #require(try pattern.firstMatch(in: text), "\(text)").output)
    }

    @Test(arguments: [101, 1_234, 12_345_678])
    func `the mark of the executor is the one that lists look for and read`(total: Int) throws {
        let output = CapturedOutput(
            head: [UInt8](repeating: 97, count: 50), tail: [UInt8](repeating: 98, count: 50), total: total, limit: 90)
        let mark = try Self.mark(in: output.text)
        let kept = output.text.utf8.count - mark.utf8.count
        #expect(output.isTruncated && kept > 0)
        #expect(OutputText.bytesCut(by: mark) == total - kept)
    }

    @Test func `a list words its mark as the executor does`() throws {
        let text = String(repeating: "a", count: 12_345)
        let listed = OutputText.cut(head: text, tail: text, byteCount: text.utf8.count, limit: 100)
        let captured = CapturedOutput(
            head: Array(text.utf8.prefix(50)), tail: Array(text.utf8.suffix(50)), total: text.utf8.count, limit: 100)
        // How much each of them keeps is its own affair.
        func wording(_ text: String) throws -> String { try Self.mark(in: text).filter { !$0.isNumber } }
        #expect(try wording(listed) == wording(captured.text))
    }
}
