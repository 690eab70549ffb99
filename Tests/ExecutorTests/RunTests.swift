import Foundation
import Testing

@testable import Executor

@Suite struct RunTests {
    @Test func `a command's exit code and output are reported`() async throws {
        try await withExecutor { client in
            let result = await client.run(request("echo out; echo err >&2; exit 7"))
            #expect(result.ending == .exited(7))
            #expect(result.stdout == CapturedOutput(head: Array("out\n".utf8), tail: [], total: 4, limit: 100))
            #expect(result.stderr.text == "err\n")
            #expect(result.survivors == 0)
            #expect(result.duration > .zero)
        }
    }
}
