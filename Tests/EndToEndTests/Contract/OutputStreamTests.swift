import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct OutputStreamTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `an ended execution replays its output, and goes on after an event`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "echo out; echo err >&2; exit 3", "max_retries": 0])
            let id = try await person.execute(task)
            try await person.execution(id, of: task, is: "failed")
            let events = try await watch(id, of: task, as: person)
            #expect(events.map(\.name) == ["status", "stdout", "stderr", "end"])
            #expect(Set(events.map(\.id)).count == events.count)
            #expect(events[0].data == ["status": "failed", "attempt_number": 1])
            #expect(
                events[1].data == ["offset": 0, "text": "out\n"] && events[2].data == ["offset": 0, "text": "err\n"])
            #expect(events[3].data == ["status": "failed", "reason": "exit_code", "return_code": 3])
            for (number, event) in events.dropLast().enumerated() {
                let rest = try await watch(id, of: task, as: person, after: event.id)
                #expect(rest.map(\.name) == events.dropFirst(number + 1).map(\.name))
                #expect(rest.map(\.id) == events.dropFirst(number + 1).map(\.id))
            }
            let over = try await answer(to: id, of: task, as: person, after: events[3].id)
            #expect(over.status == 204 && over.body.isEmpty)
        }

        @Test func `whoever comes back in a later attempt hears where it stands before its output`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([
                "command": "echo attempt $QKRON_ATTEMPT; exit $((2 - QKRON_ATTEMPT))", "max_retries": 1,
                "retry_delay": 0,
            ])
            let id = try await person.execute(task)
            try await person.execution(id, of: task, is: "completed")
            for event in ["0.0.0.pending", "1.10.0.running", "1.10.0.pending"] {
                let rest = try await watch(id, of: task, as: person, after: event)
                #expect(rest.map(\.name) == ["status", "stdout", "end"], "\(event)")
                #expect(rest.first?.data == ["status": "completed", "attempt_number": 2])
                #expect(rest.dropFirst().first?.data == ["offset": 0, "text": "attempt 2\n"])
            }
        }

        @Test func `a place that the stream has not come to is refused`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "echo out; exec sleep 60"])
            let id = try await person.execute(task)
            let connection = try Connection(port: await server.port)
            await connection.send(request(id, of: task, as: person))
            var received = ""
            while !received.contains("event: stdout") {
                received += String(decoding: try await connection.receive(), as: UTF8.self)
            }
            let beyond = ["2.0.0.running", "1.5.0.running", "1.4.1.running", "1.4.0.completed", "1.4.0.running.end"]
            for event in beyond {
                #expect(try await answer(to: id, of: task, as: person, after: event).placedVerdict == Self.refusal)
            }
            #expect(try await person.call("POST", "/tasks/\(task)/executions/\(id)/cancel").status == 202)
            try await person.execution(id, of: task, is: "cancelled")
            for event in beyond + ["1.4.0.completed.end", "1.4.0.-.end", "1.4.0.cancelled.over"] {
                let answer = try await answer(to: id, of: task, as: person, after: event)
                #expect(answer.placedVerdict == Self.refusal, "\(event)")
            }
            let rest = try await watch(id, of: task, as: person, after: "1.4.0.running")
            #expect(rest.map(\.name) == ["status", "end"])
        }

        private static let refusal = "422 validation_failed header.Last-Event-ID"

        @Test func `output shows as it comes, and as it is stored in the end`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([
                "command": "echo begun; sleep 3; printf 'é\\0'; echo late >&2; sleep 1; echo done"
            ])
            let id = try await person.execute(task)
            let connection = try Connection(port: await server.port)
            await connection.send(request(id, of: task, as: person))
            var received = ""
            while !received.contains("begun") {
                received += String(decoding: try await connection.receive(), as: UTF8.self)
            }
            #expect(try await person.execution(id, of: task)["status"] == "running")
            #expect(received.contains("text/event-stream") && !received.contains("event: end"))
            while !received.contains("\r\n0\r\n\r\n") {
                let bytes = try await connection.receive()
                try #require(!bytes.isEmpty)
                received += String(decoding: bytes, as: UTF8.self)
            }
            let events = Event.all(in: received)
            let stored = try await person.execution(id, of: task)
            for stream in ["stdout", "stderr"] {
                let texts = events.filter { $0.name == stream }.compactMap { $0.data["text"].string }
                #expect(texts.joined() == stored[stream].string)
            }
            #expect(events.last?.name == "end")
            #expect(Set(events.map(\.id)).count == events.count)
            let running = events.firstIndex { $0.data["status"] == "running" }
            let first = events.firstIndex { $0.name == "stdout" }
            #expect(try #require(running) < (try #require(first)))
        }

        @Test func `what was cut is told`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([
                "command": "seq 1 60000", "max_output_bytes": 102_400,
            ])
            let id = try await person.execute(task)
            let stored = try await person.execution(id, of: task, is: "completed")
            let events = try await watch(id, of: task, as: person)
            let cut = try #require(events.firstIndex { $0.name == "truncated" })
            #expect(events[cut].data["stream"] == "stdout")
            let bytes = try #require(events[cut].data["bytes"].integer)
            let texts = events.filter { $0.name == "stdout" }.compactMap { $0.data["text"].string }
            let total = texts.reduce(bytes) { $0 + $1.utf8.count }
            let written = (1...60_000).reduce(0) { (sum: Int, number: Int) in sum + "\(number)\n".utf8.count }
            #expect(total == written)
            #expect(texts.first?.hasPrefix("1\n2\n") == true)
            #expect(texts.last?.hasSuffix("59999\n60000\n") == true)
            #expect(stored["stdout"].string?.hasPrefix(texts[0]) == true)
            let after = events[cut + 1]
            let offset = texts[0].utf8.count + bytes
            #expect(after.name == "stdout")
            #expect(after.data["offset"].integer == offset)
        }

        @Test func `strangers see nothing, and a wrong place is told`() async throws {
            let person = try await server.newcomer()
            let stranger = try await server.newcomer()
            let task = try await person.makeTask([:])
            let id = try await person.execute(task)
            let path = "/tasks/\(task)/executions/\(id)/output/stream"
            #expect(try await stranger.call("GET", path).verdict == "403 not_owner")
            #expect(try await server.call("GET", path).verdict == "401 not_authenticated")
            #expect(
                try await person.call("GET", "/tasks/\(task)/executions/\(task)/output/stream").verdict
                    == "404 not_found")
            let wrong = try await server.send(
                "GET", "/api/v1\(path)",
                headers: [("Authorization", "Bearer \(person.token)"), ("Last-Event-ID", "1.x.0.-")])
            #expect(wrong.placedVerdict == Self.refusal)
            let head = try await person.call("HEAD", path)
            #expect(head.status == 200 && head.body.isEmpty)
        }

        private func watch(
            _ id: String, of task: String, as person: Person, after event: String? = nil
        ) async throws -> [Event] {
            let answer = try await answer(to: id, of: task, as: person, after: event)
            #expect(answer.status == 200 && answer.header("Content-Type") == "text/event-stream")
            return Event.all(in: answer.text)
        }

        private func answer(
            to id: String, of task: String, as person: Person, after event: String?
        ) async throws -> HTTPResponse {
            var headers = [("Authorization", "Bearer \(person.token)")]
            if let event { headers.append(("Last-Event-ID", event)) }
            return try await server.send(
                "GET", "/api/v1/tasks/\(task)/executions/\(id)/output/stream", headers: headers)
        }

        private func request(_ id: String, of task: String, as person: Person) -> [UInt8] {
            Array(
                """
                GET /api/v1/tasks/\(task)/executions/\(id)/output/stream HTTP/1.1\r
                Host: localhost\r
                Authorization: Bearer \(person.token)\r
                \r

                """.utf8)
        }
    }
}

/// One event of a stream.
private struct Event {
    let id: String
    let name: String
    let data: JSON

    /// The events of a stream, chunked or not.
    static func all(in text: String) -> [Event] {
        text.components(separatedBy: "id: ").dropFirst().compactMap { block in
            let lines = block.components(separatedBy: "\n")
            guard lines.count >= 3, lines[1].hasPrefix("event: "), lines[2].hasPrefix("data: "),
                let data = try? JSON(parsing: Array(lines[2].dropFirst(6).utf8))
            else { return nil }
            return Event(id: lines[0], name: String(lines[1].dropFirst(7)), data: data)
        }
    }
}
