import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Server

/// The description of a few routes, and the pages that show it.
@Suite struct DocumentationTests {
    private static let others = [
        Route(
            .get, "/things/{thing_id}",
            RouteDescription(
                "showThing", .tasks, "Show a thing", query: [.several("colour", .choice("red", "blue"))],
                answers: .json(JSONSchema.answer(["id": .id]).named("Thing")), refuses: [.queueFull]),
            access: .reader, scope: .readTasks
        ) { _ in [:] },
        Route(.get, "/secret", access: .any) { _ in [:] },
    ]

    private let directory = NSTemporaryDirectory() + "qkron-docs-\(UUID().uuidString)"

    /// What a server answers to a path, in whose directory of assets these files lie.
    private func get(_ path: String, files: [String]) async throws -> RawAnswer {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // What is left of it, the system clears away.
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for file in files { try Data("a file".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(file)")) }
        let assets = DocumentationAssets(searching: ["\(directory)/nothing", directory])
        let routes = Self.others + DocumentationRoutes.describing(Self.others, version: "1", assets: assets)
        return try await TestServer.with(routes: routes) { server in
            await server.exchange(Array("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        }
    }

    @Test func `a route is described by its declaration`() async throws {
        let document = try await get("/openapi.json", files: []).json
        guard case .object(let paths)? = document["paths"],
            case .object(let path)? = paths["/api/v1/things/{thing_id}"], case .object(let operation)? = path["get"],
            case .object(let responses)? = operation["responses"]
        else {
            Issue.record("not described: \(document)")
            return
        }
        #expect(paths["/api/v1/secret"] == nil && paths["/docs/assets/{file_name}"] == nil)
        #expect(operation["operationId"] == "showThing")
        #expect(operation["security"] == [["bearer": []], ["password": []], ["apiKey": []]])
        #expect(
            Set(responses.keys.map(\.text)) == ["200", "401", "403", "404", "409", "422", "429", "431", "500", "503"])
        guard case .array(let parameters)? = operation["parameters"] else {
            Issue.record("no parameters")
            return
        }
        #expect(
            parameters.first == [
                "name": "thing_id", "in": "path", "required": true, "schema": ["type": "string", "format": "uuid"],
            ])
        #expect(parameters.count == 2)
    }

    @Test func `the pages are served with files that are there`() async throws {
        let files = ["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"]
        for (page, script) in [("/docs", "swagger-ui-bundle.js"), ("/redoc", "redoc.standalone.js")] {
            let answer = try await get(page, files: files)
            #expect(answer.status == 200 && answer.body.contains("/docs/assets/\(script)"))
            #expect(answer.header("Content-Security-Policy")?.contains("script-src 'self';") == true)
            #expect(answer.header("X-Frame-Options") == "DENY" && answer.header("Referrer-Policy") == "same-origin")
            #expect(answer.header("Cache-Control") == "public, max-age=300")
            // No script and no address of anybody else within it.
            #expect(!answer.body.contains("<script>") && !answer.body.contains("//"))
        }
        let file = try await get("/docs/assets/swagger-ui.css", files: files)
        #expect(file.body == "a file" && file.header("Content-Type") == "text/css; charset=utf-8")
    }

    @Test func `a page whose files are not all there tells how to get them`() async throws {
        let files = ["swagger-ui-bundle.js"]
        for page in ["/docs", "/redoc"] {
            let answer = try await get(page, files: files)
            #expect(answer.body.contains("DOCS_ASSETS") && answer.header("Cache-Control") == "no-store")
        }
        #expect(try await get("/docs/assets/swagger-ui.css", files: files).status == 404)
        #expect(try await get("/docs/assets/page.css", files: files).status == 200)
    }

    @Test(arguments: ["secret.txt", "../secret.txt", "..%2fsecret.txt", "%2e%2e", "page.css%00"])
    func `no other file of the directory is served, nor of any other`(name: String) async throws {
        #expect(try await get("/docs/assets/\(name)", files: ["secret.txt"]).status == 404)
    }

    @Test func `null joins whatever a schema allows`() {
        #expect(JSONSchema.text(1...5).orNull.json == ["type": ["string", "null"], "minLength": 1, "maxLength": 5])
        #expect(JSONSchema.choice("a").orNull.json == ["type": ["string", "null"], "enum": ["a", nil]])
        let named = JSONSchema.id.named("Id")
        #expect(named.orNull.json == ["anyOf": [["$ref": "#/components/schemas/Id"], ["type": "null"]]])
        #expect(JSONSchema.array(of: named.orNull).parts == ["Id": JSONSchema.id.json])
    }
}
