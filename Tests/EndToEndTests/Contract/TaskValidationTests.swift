import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct TaskValidationTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        static let faults: [(String, JSON)] = [
            ("name", nil), ("name", ""), ("name", 5), ("name", long(256)), ("name", "nul\u{0}"),
            ("description", long(1_001)), ("description", ["x"]),
            ("task_type", "goal"), ("task_type", "unknown"), ("task_type", nil),
            ("command", nil), ("command", ""), ("command", "   \t\n"), ("command", long(10_001)),
            ("command", "a\u{0}b"),
            ("schedule_type", "daily"), ("schedule_type", nil),
            ("schedule", nil), ("schedule", ""), ("schedule", "* * *"), ("schedule", "61 * * * *"),
            ("schedule", "0 0 31 2 *"),
            ("schedule", "@reboot"), ("schedule", long(256)), ("schedule", 5),
            ("timezone", "PST"), ("timezone", "UTC+5"), ("timezone", "europe/paris"), ("timezone", ""),
            ("timezone", nil),
            ("timezone", "../../etc/passwd"), ("timezone", long(51)),
            ("dst_policy", "sometimes"), ("dst_policy", nil),
            ("starts_at", "yesterday"), ("starts_at", 5), ("ends_at", "2026-13-01T00:00:00Z"),
            ("ends_at", "2001-02-29T00:00:00Z"),
            ("jitter", 86_401), ("jitter", -1), ("jitter", "0"), ("jitter", nil),
            ("misfire_policy", "never"), ("misfire_grace", -1), ("misfire_grace", 86_401), ("misfire_grace", nil),
            ("overlap_policy", "maybe"), ("overlap_policy", nil),
            ("timeout", 0), ("timeout", 86_401), ("timeout", "5"), ("timeout", 5.5), ("timeout", true),
            ("timeout", nil),
            ("max_retries", -1), ("max_retries", 11), ("retry_delay", -1), ("retry_delay", 86_401),
            ("retry_backoff", "linear"), ("priority", 0), ("priority", 11),
            ("env", ["1A": "x"]), ("env", ["A-B": "x"]), ("env", ["QKRON_TASK_ID": "x"]), ("env", ["A": 1]),
            ("env", []),
            ("env", [long(129).string ?? "": "x"] as JSON), ("env", ["A": long(65_537)]), ("env", ["A": "nul\u{0}"]),
            ("env", nil),
            ("env", .object(Dictionary(uniqueKeysWithValues: (0...100).map { ("V\($0)", JSON.string("x")) }))),
            ("secret_env", ["A"]), ("working_directory", "relative"),
            ("working_directory", .string("/" + String(repeating: "d", count: 4_096))),
            ("limits", ["cpu_seconds": 0]), ("limits", []),
            ("requires", .array((0...20).map { JSON.string("l\($0)") })), ("requires", [""]), ("requires", [long(65)]),
            ("requires", "gpu"), ("requires", [1]), ("requires", nil), ("requires", ["nul\u{0}"]),
            ("max_output_bytes", 102_399), ("max_output_bytes", 16_777_217),
            ("tags", .array((0...50).map { JSON.string("t\($0)") })), ("tags", [""]), ("tags", [long(65)]),
            ("tags", "x"), ("tags", [1]),
            ("tags", nil), ("metadata_info", []), ("metadata_info", "x"),
            ("dependencies", ["01900000-0000-7000-8000-000000000000"]), ("dependencies", ["x"]),
            ("callback_url", 5), ("callback_url", ""), ("callback_url", "example.org"),
            ("callback_url", "ftp://example.org/"), ("callback_url", "https://user:password@example.org/"),
            ("callback_url", "https://exa mple.org/"), ("callback_url", "https:///path"),
            ("callback_url", .string("https://example.org/" + String(repeating: "x", count: 2_029))),
            ("callback_url", "http://127.0.0.1/"), ("callback_url", "http://2130706433/"),
            ("callback_url", "http://0x7f.1:8000/"), ("callback_url", "http://127.1/"),
            ("callback_url", "http://[::1]/"),
            ("callback_url", "http://169.254.169.254/latest/meta-data/"), ("callback_url", "http://[::ffff:10.0.0.1]/"),
            ("is_active", 1), ("is_active", "true"), ("is_active", nil),
        ]

        static func long(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

        @Test func `a faulty field is refused by name, on create and on update, and nothing is stored`() async throws {
            let person = try await server.newcomer()
            let base: JSON = ["name": "n", "command": "true", "schedule_type": "cron", "schedule": "0 2 * * *"]
            let id = try await person.makeTask([:])
            let stored = try await person.get("/tasks/\(id)")
            for (field, value) in Self.faults {
                let told: Comment = "\(field): \(value.description.prefix(80))"
                let created = try await person.call("POST", "/tasks", base.merging([field: value]))
                #expect(created.verdict == "422 validation_failed", told)
                #expect(created.faultyPlaces.contains { $0.hasPrefix("body.\(field)") }, told)
                // A schedule is judged by its type, and the stored one is `once`.
                guard field != "schedule" else { continue }
                let changed = try await person.call("PUT", "/tasks/\(id)", [field: value])
                #expect(changed.verdict == "422 validation_failed", told)
                #expect(changed.faultyPlaces.contains { $0.hasPrefix("body.\(field)") }, told)
            }
            #expect(try await person.get("/tasks/\(id)") == stored)
            #expect(try await person.get("/tasks")["total"] == 1)
        }

        @Test(arguments: [
            ("interval", "0s"), ("interval", "5"), ("interval", "1h 30m"), ("interval", "30m1h"), ("interval", "367d"),
            ("interval", "-5m"), ("interval", "1.5h"), ("interval", "99999999999999999999s"), ("once", "tomorrow"),
            ("once", "2026-02-30T00:00:00Z"), ("once", "0 0 31 2 *"), ("cron", "2030-01-01T00:00:00Z"), ("cron", "5m"),
            ("cron", "* * * * * * *"), ("cron", "*/90 * * * *"), ("cron", "0 0 1 1 * # never"), ("cron", "@every 5m"),
        ])
        func `a schedule that cannot be read is refused`(kind: String, schedule: String) async throws {
            let person = try await server.newcomer()
            let answer = try await person.call(
                "POST", "/tasks",
                Person.task.merging(["schedule_type": .string(kind), "schedule": .string(schedule)]))
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces == ["body.schedule"])
        }

        @Test(arguments: [
            ("interval", "366d"), ("interval", "1s"), ("interval", "1w2d3h4m5s"), ("once", "2100-01-01T00:00:00"),
            ("once", "0 0 29 2 *"), ("cron", "@Daily"), ("cron", "  0 0 L-3W * ?  "),
            ("cron", "*/15 0 0 * JAN-mar MON#2"),
            ("cron", "0 0 29 2 *"),
        ])
        func `a schedule at the edge of the dialect is taken as sent`(kind: String, schedule: String) async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask(["schedule_type": .string(kind), "schedule": .string(schedule)])
            #expect(try await person.get("/tasks/\(id)")["schedule"] == .string(schedule))
        }

        @Test func `the end must lie behind the start`() async throws {
            let person = try await server.newcomer()
            let answer = try await person.call(
                "POST", "/tasks",
                Person.task.merging(["starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"]))
            #expect(answer.verdict == "422 validation_failed")
        }

        @Test func `all faults are told at once`() async throws {
            let person = try await server.newcomer()
            let answer = try await person.call(
                "POST", "/tasks", ["name": "", "timeout": 0, "priority": "high", "env": ["1": "x"]])
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces.isSuperset(of: ["body.name", "body.timeout", "body.priority"]))
        }

        @Test func `lengths are counted in characters, and limits are inclusive`() async throws {
            let person = try await server.newcomer()
            let owls = String(repeating: "🦉", count: 255)
            let id = try await person.makeTask([
                "name": .string(owls), "description": .string(String(repeating: "é", count: 1_000)),
                "command": .string("#" + String(repeating: "x", count: 9_999)), "max_output_bytes": 16_777_216,
                "tags": .array((0..<50).map { JSON.string("tag-\($0)") }),
            ])
            #expect(try await person.get("/tasks/\(id)")["name"] == .string(owls))
        }

        @Test func `deferred fields are taken where they say what is so anyway`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([
                "secret_env": [], "limits": [:],
                "dependencies": nil, "callback_url": nil, "unknown_field": 5, "owner_id": "x", "status": "completed",
            ])
            #expect(try await person.get("/tasks/\(id)")["status"] == "pending")
        }
    }
}
