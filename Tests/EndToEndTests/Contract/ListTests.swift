import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct ListTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func names(_ answer: JSON) -> [String] {
            (answer.items.isEmpty ? answer["items"].items : answer.items).compactMap { $0["name"].string }
        }

        private func personWithTasks(_ count: Int) async throws -> Person {
            let person = try await server.newcomer()
            for number in 1...count {
                _ = try await person.makeTask([
                    "name": "Task \(number)", "tags": number.isMultiple(of: 2) ? ["even", "all"] : ["all"],
                    "is_active": .bool(number != 1),
                ])
            }
            return person
        }

        @Test func `a list is an envelope, newest first, in pages`() async throws {
            let person = try await personWithTasks(5)
            let all = try await person.get("/tasks")
            #expect(all.keys == ["items", "total", "page", "page_size"])
            #expect(all["total"] == 5 && all["page"] == 1 && all["page_size"] == 20)
            #expect(names(all) == ["Task 5", "Task 4", "Task 3", "Task 2", "Task 1"])
            let second = try await person.get("/tasks?page=2&page_size=2")
            #expect(names(second) == ["Task 3", "Task 2"] && second["total"] == 5 && second["page"] == 2)
            let past = try await person.get("/tasks?page=9&page_size=2")
            #expect(past["items"].items.isEmpty && past["total"] == 5)
        }

        @Test func `skip or limit ask for a bare array, and win over pages`() async throws {
            let person = try await personWithTasks(4)
            #expect(names(try await person.get("/tasks?skip=1&limit=2&page=3")) == ["Task 3", "Task 2"])
            #expect(names(try await person.get("/tasks?limit=1")) == ["Task 4"])
            #expect(names(try await person.get("/tasks?skip=3")) == ["Task 1"])
            #expect(try await person.get("/tasks?skip=10") == .array([]))
        }

        @Test func `a name is found in any case of any script`() async throws {
            let person = try await server.newcomer()
            _ = try await person.makeTask(["name": "Ärger im CAFÉ"])
            for part in ["%C3%A4rger", "%C3%84RGER", "caf%C3%A9", "cafe%CC%81", "IM"] {
                #expect(names(try await person.get("/tasks?q=\(part)")) == ["Ärger im CAFÉ"], "\(part)")
            }
        }

        @Test func `filters narrow a list`() async throws {
            let person = try await personWithTasks(4)
            let filters = [
                "tag=even": ["Task 4", "Task 2"], "tag=even,all": ["Task 4", "Task 2"], "tag=even&tag=none": [],
                "is_active=false": ["Task 1"], "q=ask%203": ["Task 3"],
                "q=TASK": ["Task 4", "Task 3", "Task 2", "Task 1"],
                "schedule_type=cron": [], "status=pending,running&q=4": ["Task 4"], "status=&q=2": ["Task 2"],
                "task_type=command&q=2": ["Task 2"], "task_type=email": [], "whatever=5&q=1": ["Task 1"],
                "q=%25": [], "q=_": [], "q='": [],
            ]
            for (filter, expected) in filters {
                #expect(names(try await person.get("/tasks?\(filter)")) == expected, "\(filter)")
            }
        }

        @Test(arguments: [
            ("page=0", "page"), ("page=-1", "page"), ("page=x", "page"), ("page_size=0", "page_size"),
            ("page_size=101", "page_size"), ("skip=-1", "skip"), ("limit=0", "limit"), ("limit=1001", "limit"),
            ("status=sleeping", "status"), ("is_active=maybe", "is_active"), ("schedule_type=daily", "schedule_type"),
            ("page=99999999999999999999", "page"), ("page=1000000&page_size=100", "page"), ("skip=1000001", "skip"),
            ("task_type=unknown", "task_type"), ("q=a%00b", "q"), ("q=%FF", "q"),
            ("q=\(String(repeating: "x", count: 256))", "q"),
        ])
        func `a faulty query value is named`(query: String, name: String) async throws {
            let person = try await server.newcomer()
            let answer = try await person.call("GET", "/tasks?\(query)")
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces == ["query.\(name)"])
        }

        @Test func `executions are listed newest first and filtered`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "test $QKRON_ATTEMPT = 0", "max_retries": 0])
            let first = try await person.execute(task)
            try await person.execution(first, of: task, is: "failed")
            _ = try await person.call("PUT", "/tasks/\(task)", ["command": "true"])
            let second = try await person.execute(task)
            let ended = try await person.execution(second, of: task, is: "completed")

            let all = try await person.get("/tasks/\(task)/executions")
            #expect(all["items"].items.map { $0["id"] } == [.string(second), .string(first)])
            #expect(all["total"] == 2)
            #expect(all["items"][0] == ended)
            let asked = try #require(ended["scheduled_for"].string)
            let filters = [
                "status=failed": [first], "status=failed,completed": [second, first], "status=running": [],
                "trigger=manual": [second, first], "trigger=schedule": [], "since=\(asked)": [second],
                "until=\(asked)": [first], "limit=1": [second],
                "since=\(asked.replacingOccurrences(of: "Z", with: "%2B00:00"))": [second],
            ]
            for (filter, expected) in filters {
                let answer = try await person.get("/tasks/\(task)/executions?\(filter)")
                let rows = answer.items.isEmpty ? answer["items"].items : answer.items
                #expect(rows.map { $0["id"].string } == expected, "\(filter)")
            }
            for query in ["status=done", "trigger=cron", "since=yesterday", "until=5x"] {
                let answer = try await person.call("GET", "/tasks/\(task)/executions?\(query)")
                #expect(answer.verdict == "422 validation_failed", "\(query)")
            }
        }
    }
}
