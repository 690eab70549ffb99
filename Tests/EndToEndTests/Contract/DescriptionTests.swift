import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct DescriptionTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `the API describes itself at the root and under the prefix, whatever the credentials`() async throws
        {
            let headers = [("Authorization", "Bearer stale")]
            let answer = try await server.send("GET", "/openapi.json", headers: headers)
            #expect(answer.verdict == "200")
            #expect(try await server.send("GET", "/api/v1/openapi.json/", headers: headers).body == answer.body)
            let document = try answer.json
            #expect(document["openapi"] == "3.1.0")
            let operations = document.operations
            #expect(Set(operations.map(\.name)).count == operations.count)
            for operation in operations {
                #expect(operation.json["summary"].string?.isEmpty == false && operation.json["tags"].items.count == 1)
            }
            for reference in document.references {
                #expect(SchemaChecker(document).resolve(["$ref": .string(reference)]) != .null, "\(reference)")
            }
        }

        @Test func `the routes of docs/api.md are those of the description`() async throws {
            let document = try await server.send("GET", "/openapi.json").json
            let page = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../docs/api.md").standardized
            let told = WrittenRoutes.all(in: try String(contentsOf: page, encoding: .utf8))
            try #require(told.count > 20)
            let described = Set(document.operations.map { "\($0.method) \(WrittenRoutes.bare($0.path))" })
            #expect(told.subtracting(described) == [], "told by docs/api.md alone")
            #expect(described.subtracting(told) == [], "told by the description alone")
        }

        @Test(arguments: ["/docs", "/redoc"])
        func `without the files of others a page tells how to get them, and runs no script of anybody else`(
            path: String
        ) async throws {
            let answer = try await server.send("GET", path)
            #expect(answer.verdict == "200")
            #expect(answer.header("Content-Type") == "text/html; charset=utf-8")
            #expect(answer.header("Content-Security-Policy")?.contains("script-src 'self';") == true)
            // A machine may have them where the image has them.
            guard !FileManager.default.fileExists(atPath: "/usr/share/qkron/docs") else { return }
            #expect(answer.text.contains("DOCS_ASSETS"))
            #expect(try await server.send("GET", "/docs/assets/page.css").verdict == "200")
        }

        @Test(arguments: ["x.js", "..", "%2e%2e%2fpage.css", "..%2f..%2f..%2fetc%2fpasswd", "page.css%00", "PAGE.CSS"])
        func `no other file is served`(name: String) async throws {
            #expect(try await server.send("GET", "/docs/assets/\(name)").verdict == "404 not_found")
        }

        @Test func `an answer that is not as described is told`() {
            let contract = APIContract([
                "paths": [
                    "/x/{id}": [
                        "get": [
                            "responses": [
                                "200": [
                                    "headers": ["X-Request-ID": [:]],
                                    "content": ["application/json": ["schema": ["$ref": "#/components/schemas/X"]]],
                                ]
                            ]
                        ]
                    ]
                ],
                "components": [
                    "schemas": [
                        "X": [
                            "type": "object", "required": ["a"],
                            "properties": ["a": ["type": ["integer", "null"], "maximum": 5]],
                        ]
                    ]
                ],
            ])
            func breaches(_ status: Int, _ body: String, id: String? = "1") -> [String] {
                let headers = [("Content-Type", "application/json")] + (id.map { [("x-request-id", $0)] } ?? [])
                return contract.breaches(
                    of: HTTPResponse(status: status, headers: headers, body: Array(body.utf8)), to: "GET", "/x/7?y")
            }
            #expect(breaches(200, #"{"a": 5}"#) == [] && breaches(200, #"{"a": null}"#) == [])
            for body in [#"{"a": 6}"#, #"{"a": "5"}"#, "{}", #"{"a": 5, "b": 1}"#, "[]", "x"] {
                #expect(breaches(200, body).count == 1, "\(body)")
            }
            #expect(breaches(201, "{}").count == 1 && breaches(200, #"{"a": 5}"#, id: nil).count == 1)
        }
    }
}
