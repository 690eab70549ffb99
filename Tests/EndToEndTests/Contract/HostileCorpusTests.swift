import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// A corpus of hostile requests against a server of its own.
    @Suite struct HostileCorpusTests {
        /// Megabytes that a second round may add: what the allocator keeps for itself.
        private static let growth = 24
        /// Connections to the database that a server may open when it gets busy.
        private static let poolSizes = 6 + 8 + 4

        @Test func `a thousand hostile requests are answered below 500, tell nothing, and leave nothing behind`()
            async throws
        {
            try await Story.tell("hostile") { story in
                let server = try await story.server(settings: ["MAX_CONCURRENCY": "4"])
                let person = try await server.newcomer()
                let superuser = try await server.superuser()
                let tasks = [try await person.makeTask([:]), try await person.makeTask([:])]
                var corpus = HostileCorpus(seed: 20_261_127, token: person.token, tasks: tasks)
                let requests = corpus.requests(ofEach: 100)
                #expect(requests.count >= 1_000)
                let descriptors = try await count(of: server, "fd")
                let first = try await memory(of: server, after: requests, person)
                let second = try await memory(of: server, after: requests, person)
                print("Memory after the first and the second round: \(first) MB, \(second) MB")
                #expect(second - first < Self.growth)
                try await eventually("all connections are let go, but those to the database") {
                    let now = try await count(of: server, "fd")
                    guard now <= descriptors + Self.poolSizes else { throw Overdue(description: "\(now) open files") }
                    return true
                }
                #expect(try await server.send("GET", "/ready").status == 200)
                #expect(try await superuser.call("GET", "/nodes").status == 200)
                let log = await server.log
                #expect(!log.contains("\"error_type\""), "no request failed by our fault")
                for secret in [HostileCorpus.secret, person.token, person.password, QkronServer.secretKey] {
                    #expect(!log.contains(secret))
                }
                #expect(try await server.stop() == .exited(0))
            }
        }

        /// Megabytes of the server once it has answered all of it.
        private func memory(of server: QkronServer, after requests: [HostileRequest], _ person: Person) async throws
            -> Int
        {
            let faults = try await withThrowingTaskGroup(of: [String].self) { group in
                var found: [String] = []
                for (index, request) in requests.enumerated() {
                    if index >= 8 { found += try await group.next() ?? [] }
                    group.addTask { try await self.faults(of: request, number: index, on: server, person) }
                }
                return try await group.reduce(into: found) { $0 += $1 }
            }
            #expect(faults.isEmpty, "\(faults.prefix(20).joined(separator: "\n"))")
            let process = try #require(await server.processID)
            let kibibytes = ProcessTable.status("VmRSS", of: process)?.first.flatMap { Int($0) }
            return try #require(kibibytes) / 1024
        }

        private func count(of server: QkronServer, _ folder: String) async throws -> Int {
            let process = try #require(await server.processID)
            return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/\(folder)").count
        }

        /// What is wrong with the answers to a request.
        private func faults(
            of request: HostileRequest, number: Int, on server: QkronServer, _ person: Person
        ) async throws -> [String] {
            let connection = try Connection(port: await server.port)
            await connection.send(request.bytes)
            guard request.manner == .reading else { return [] }
            connection.finishSending()
            var received: [UInt8] = []
            while true {
                let more = try await connection.receive()
                if more.isEmpty { break }
                received += more
            }
            return answers(in: received, to: request).flatMap { answer in
                faults(of: answer, person, server).map { "\(number) \(request.label): \($0): \(answer)" }
            }
        }

        /// All answers; those to HEAD have no body, whatever their length says.
        private func answers(in bytes: [UInt8], to request: HostileRequest) -> [HTTPResponse] {
            let text = String(decoding: bytes, as: UTF8.self)
            let parts = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
            return parts.filter { !$0.hasPrefix("100 ") }.map { part in
                var parser = HTTPParser(isHead: !part.contains("\r\n\r\n{"))
                parser.append(Array("HTTP/1.1 \(part)".utf8))
                let answer = try? parser.next(isClosed: true)
                return answer ?? HTTPResponse(status: 599, headers: [], body: Array(part.utf8))
            }
        }

        private func faults(of answer: HTTPResponse, _ person: Person, _ server: QkronServer) -> [String] {
            var faults: [String] = []
            if answer.status >= 500 { faults.append("5xx") }
            // What is no HTTP may get a bare status, and an answer to HEAD has no body.
            let isBare = answer.body.isEmpty && (answer.status == 400 || answer.header("Content-Length") != "0")
            if answer.status >= 400, !isBare,
                answer.verdict.contains("without") || answer.verdict.contains("no problem")
            {
                faults.append(answer.verdict)
            }
            let secrets = [
                HostileCorpus.secret, person.token, person.password, QkronServer.secretKey, "$y$", "SELECT ", "libpq",
                ".swift", server.dataDirectory,
            ]
            // What a caller stores is answered to that caller.
            for secret in secrets where answer.status >= 400 && answer.text.contains(secret) {
                faults.append("tells \(secret.prefix(12))")
            }
            return faults
        }
    }
}
