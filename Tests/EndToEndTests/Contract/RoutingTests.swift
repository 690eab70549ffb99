import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct RoutingTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test(arguments: [
            "/api/v1/nothing", "/nothing", "/api/v2/tasks", "/api/v1/tasks/x/y/z", "/api/v1", "/api/v1/ws", "//",
            "/api//v1/tasks",
        ])
        func `an unknown path is a problem`(path: String) async throws {
            for headers in [[], [("Accept", "text/html")]] {
                let answer = try await server.send("GET", path, headers: headers)
                #expect(answer.verdict == "404 route_not_found")
            }
        }

        @Test(arguments: [
            ("DELETE", "/api/v1/tasks", ["GET", "POST"]), ("POST", "/api/v1/auth/me", ["GET"]),
            ("GET", "/api/v1/auth/login", ["POST"]), ("PUT", "/health", ["GET"]),
            ("POST", "/api/v1/tasks/01900000-0000-7000-8000-000000000000", ["GET", "PUT", "PATCH", "DELETE"]),
            ("PROPFIND", "/api/v1/tasks", ["GET", "POST"]),
        ])
        func `a method that a path does not know is told which it knows`(
            method: String, path: String, allowed: [String]
        ) async throws {
            let answer = try await server.send(method, path)
            let allow = Set((answer.header("Allow") ?? "").components(separatedBy: ", "))
            #expect(answer.verdict == "405 method_not_allowed")
            #expect(allow.isSuperset(of: allowed), "\(allow)")
            #expect(allow.isDisjoint(with: Set(["GET", "POST", "PUT", "PATCH", "DELETE"]).subtracting(allowed)))
        }

        @Test func `OPTIONS answers 204 with Allow, HEAD as GET without the body`() async throws {
            let person = try await server.newcomer()
            let options = try await server.send("OPTIONS", "/api/v1/tasks")
            #expect(options.status == 204)
            #expect(options.body.isEmpty)
            let allow = Set((options.header("Allow") ?? "").components(separatedBy: ", "))
            #expect(allow.isSuperset(of: ["GET", "HEAD", "POST", "OPTIONS"]))
            let token = [("Authorization", "Bearer \(person.token)")]
            let get = try await server.send("GET", "/api/v1/tasks", headers: token)
            let head = try await server.send("HEAD", "/api/v1/tasks", headers: token)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(
                head.header("Content-Length") == nil || head.header("Content-Length") == get.header("Content-Length"))
            let missing = try await server.send("HEAD", "/api/v1/nothing")
            #expect(missing.status == 404 && missing.body.isEmpty)
        }

        @Test func `a trailing slash changes nothing`() async throws {
            let person = try await server.newcomer()
            let created = try await person.call("POST", "/tasks/", Person.task)
            #expect(created.verdict == "201")
            let id = try #require(try created.json["id"].string)
            #expect(try await person.call("GET", "/tasks/\(id)/").verdict == "200")
            #expect(try await person.call("GET", "/tasks/?limit=1").verdict == "200")
            #expect(try await server.send("GET", "/health/").verdict == "200")
            #expect(try await server.send("PUT", "/health/").verdict == "405 method_not_allowed")
        }

        @Test func `a caller's request id is taken over, a strange one is not`() async throws {
            let taken = try await server.send("GET", "/api/v1/nothing", headers: [("X-Request-ID", "my-id.5_6")])
            #expect(taken.header("X-Request-ID") == "my-id.5_6")
            #expect(try taken.json["request_id"] == "my-id.5_6")
            for strange in [String(repeating: "x", count: 129), "with blank", "quote\"", "é"] {
                let answer = try await server.send("GET", "/health", headers: [("X-Request-ID", strange)])
                let id = try #require(answer.header("X-Request-ID"))
                #expect(id != strange && !id.isEmpty)
            }
        }

        @Test func `one connection carries many requests, in order, pipelined ones too`() async throws {
            let connection = try Connection(port: await server.port)
            let request = "GET /live HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
            await connection.send(Array((request + "GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").utf8))
            var parser = HTTPParser(isHead: false)
            var statuses: [Int] = []
            while true {
                let bytes = try await connection.receive()
                parser.append(bytes)
                while let answer = try parser.next(isClosed: bytes.isEmpty) { statuses.append(answer.status) }
                if bytes.isEmpty { break }
            }
            #expect(statuses == [200, 404, 200])
        }
    }
}
