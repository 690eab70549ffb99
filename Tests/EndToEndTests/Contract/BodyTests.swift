import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct BodyTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func post(_ body: [UInt8], type: String? = "application/json", as person: Person) async throws
            -> HTTPResponse
        {
            var headers = [("Authorization", "Bearer \(person.token)")]
            if let type { headers.append(("Content-Type", type)) }
            return try await server.send("POST", "/api/v1/tasks", headers: headers, body: body)
        }

        @Test func `a body without a media type is JSON, with another it is refused`() async throws {
            let person = try await server.newcomer()
            let task = try Person.task.bytes
            #expect(try await post(task, type: nil, as: person).verdict == "201")
            #expect(try await post(task, type: "application/json; charset=utf-8", as: person).verdict == "201")
            #expect(try await post(task, type: "Application/JSON", as: person).verdict == "201")
            for type in [
                "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "rubbish",
            ] {
                #expect(try await post(task, type: type, as: person).verdict == "415 unsupported_media_type", "\(type)")
            }
        }

        @Test(arguments: [
            "", "{", "nul", #"{"name": "a",}"#, #"{"name": 'a'}"#, "{\"name\": \"tab\tinside\"}", #"{"a": 01}"#,
            #"{"a": NaN}"#,
            #"{"a": "\x"}"#, #"{"a": "\ud800"}"#, "{} {}", "\u{FEFF}[",
        ])
        func `a body that is not JSON is refused`(text: String) async throws {
            let person = try await server.newcomer()
            let answer = try await post(Array(text.utf8), as: person)
            #expect(answer.verdict == "400 malformed_json")
        }

        @Test func `a body that is not UTF-8 is refused`() async throws {
            let person = try await server.newcomer()
            let answer = try await post(Array(#"{"name": ""#.utf8) + [0xff, 0xfe] + Array(#""}"#.utf8), as: person)
            #expect(answer.verdict == "400 malformed_json")
        }

        @Test func `nesting is taken to a depth of 64`() async throws {
            let person = try await server.newcomer()
            func task(_ depth: Int) -> [UInt8] {
                // The body is one level, the object in metadata_info the second.
                let inner = String(repeating: "[", count: depth - 2) + String(repeating: "]", count: depth - 2)
                return Array(
                    #"{"name":"d","command":"true","schedule":"0 0 1 1 *","metadata_info":{"x":\#(inner)}}"#.utf8)
            }
            #expect(try await post(task(64), as: person).verdict == "201")
            #expect(try await post(task(65), as: person).verdict == "400 malformed_json")
            let abyss = [UInt8](repeating: UInt8(ascii: "["), count: 900_000)
            #expect(try await post(abyss, as: person).verdict == "400 malformed_json")
        }

        @Test(arguments: ["[]", "5", "null", #""text""#, "true"])
        func `a body that is no object is refused as a whole`(text: String) async throws {
            let person = try await server.newcomer()
            let answer = try await post(Array(text.utf8), as: person)
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces == ["body"])
        }

        @Test(arguments: [
            #"{"priority": 99999999999999999999}"#, #"{"priority": 1e400}"#, #"{"priority": -9223372036854775809}"#,
            #"{"metadata_info": {"n": 123456789012345678901234567890}}"#, #"{"metadata_info": {"n\u0000": 1}}"#,
            #"{"metadata_info": {"deep": ["a\u0000"]}}"#, #"{"name": "a\u0000b"}"#, #"{"unknown": "\u0000"}"#,
        ])
        func `huge numbers and NUL are refused wherever they stand`(text: String) async throws {
            let person = try await server.newcomer()
            let task = try Person.task.bytes.dropLast()
            let answer = try await post(task + Array(",".utf8) + Array(text.utf8.dropFirst()), as: person)
            #expect(answer.verdict == "422 validation_failed", "\(answer)")
        }

        @Test func `numbers and texts of any sort come back as they were`() async throws {
            let person = try await server.newcomer()
            let metadata: JSON = [
                "max": .integer(.max), "min": .integer(.min), "half": 0.5,
                "text": "a\"\\/\u{8}\u{c}\n\r\t\u{1F}é\u{2028}🦉",
                "": "empty key", "nested": [[], [:], nil, true, false],
            ]
            let id = try await person.makeTask(["metadata_info": metadata])
            #expect(try await person.get("/tasks/\(id)")["metadata_info"] == metadata)
        }

        @Test func `a body over a mebibyte is refused, told or chunked, without being read`() async throws {
            let person = try await server.newcomer()
            let large = [UInt8](repeating: UInt8(ascii: " "), count: 1_048_577)
            #expect(try await post(large, as: person).verdict == "413 body_too_large")
            let fits = try Person.task.bytes + [UInt8](repeating: UInt8(ascii: " "), count: 1_000_000)
            #expect(try await post(fits, as: person).verdict == "201")

            let told = try Connection(port: await server.port)
            let head = "POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(person.token)\r\n"
            await told.send(Array("\(head)Content-Length: 99999999999\r\n\r\n{".utf8))
            #expect(try await told.response()?.verdict == "413 body_too_large")

            let chunked = try Connection(port: await server.port)
            await chunked.send(Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8))
            let chunk = Array("40000\r\n".utf8) + [UInt8](repeating: 32, count: 0x40000) + [13, 10]
            for _ in 1...6 { await chunked.send(chunk) }
            #expect(try await chunked.response()?.verdict == "413 body_too_large")
        }

        @Test func `a chunked body is a body`() async throws {
            let person = try await server.newcomer()
            let task = try Person.task.bytes
            let connection = try Connection(port: await server.port)
            let head = "POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(person.token)\r\n"
            await connection.send(Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8))
            for part in [task.prefix(10), task.dropFirst(10)] {
                await connection.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
            }
            await connection.send(Array("0\r\n\r\n".utf8))
            #expect(try await connection.response()?.verdict == "201")
        }

        @Test func `a route that takes no body ignores one`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([:])
            let answer = try await server.send(
                "POST", "/api/v1/tasks/\(task)/pause",
                headers: [("Authorization", "Bearer \(person.token)"), ("Content-Type", "text/plain")],
                body: Array("{ no json".utf8))
            #expect(answer.verdict == "200")
        }
    }
}
