import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct NodeTests {
        let server: QkronServer
        static let routes = [("GET", "/nodes"), ("POST", "/nodes/ID/drain"), ("POST", "/nodes/ID/undrain")]

        init() throws { server = try Stage.current.server }

        @Test func `a superuser sees every server with every field of the contract`() async throws {
            let root = try await server.superuser()
            let nodes = try await root.get("/nodes").items
            let node = try #require(nodes.first { $0["name"] == "contract" })
            #expect(nodes.count == 1)
            #expect(
                node.keys == [
                    "id", "name", "version", "labels", "status", "running", "capacity", "started_at", "last_seen_at",
                ])
            let health = try await server.send("GET", "/health").json
            #expect(node["version"] == health["version"] && node["labels"] == [] && node["status"] == "active")
            #expect(UUID(uuidString: node["id"].string ?? "") != nil)
            #expect(node["running"].integer != nil && node["capacity"] == 64)
            for time in ["started_at", "last_seen_at"] { #expect(node[time].string?.hasSuffix("Z") == true) }
        }

        @Test func `nobody but a superuser, whatever the id`() async throws {
            let person = try await server.newcomer()
            for (method, path) in Self.routes {
                for id in [OwnershipTests.nobodys, "5"] {
                    let path = path.replacingOccurrences(of: "ID", with: id)
                    #expect(try await server.call(method, path).verdict == "401 not_authenticated", "\(path)")
                    #expect(try await person.call(method, path).verdict == "403 role_required", "\(path)")
                }
            }
        }

        @Test func `an unknown id is told from a broken one`() async throws {
            let root = try await server.superuser()
            for verb in ["drain", "undrain"] {
                let unknown = try await root.call("POST", "/nodes/\(OwnershipTests.nobodys)/\(verb)")
                let broken = try await root.call("POST", "/nodes/contract/\(verb)")
                #expect(unknown.verdict == "404 not_found")
                #expect(broken.verdict == "422 validation_failed" && broken.faultyPlaces == ["path.node_id"])
            }
        }

        @Test func `what a task requires is a set of labels, and what nobody carries waits and says so`() async throws {
            let person = try await server.newcomer()
            let most = (1...20).map { JSON.string("\($0)" + String(repeating: "é", count: $0 < 10 ? 63 : 62)) }
            let id = try await person.makeTask(["requires": .array(most)])
            #expect(try await person.get("/tasks/\(id)")["requires"] == .array(most))
            let changed = try await person.call("PUT", "/tasks/\(id)", ["requires": ["a,b", "gpu", "a,b"]])
            #expect(changed.verdict == "200")
            #expect(Set(try changed.json["requires"].items) == ["gpu", "a,b"])
            #expect(try changed.json["requires"].items.count == 2)
            let run = try await person.execute(id)
            let waiting = try await person.execution(run, of: id)
            #expect(waiting["status"] == "pending" && waiting["reason"] == "no_server" && waiting["node"] == .null)
            #expect(try await person.executions(of: id).first?["reason"] == "no_server")
            #expect(try await person.call("PATCH", "/tasks/\(id)", ["requires": []]).verdict == "200")
            let ran = try await person.execution(run, of: id, is: "completed", within: .seconds(8))
            #expect(ran["node"] == "contract", "the change was felt at once")
        }
    }
}
