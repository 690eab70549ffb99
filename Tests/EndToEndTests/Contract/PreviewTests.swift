import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct PreviewTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `a preview follows the clocks of its zone`() async throws {
            let person = try await server.newcomer()
            let answer = try await person.call(
                "POST", "/schedules/preview",
                [
                    "schedule_type": "cron", "schedule": "30 2 * * *", "timezone": "Europe/Berlin",
                    "from": "2026-03-28T00:00:00+01:00", "count": 3,
                ])
            #expect(answer.verdict == "200")
            let preview = try answer.json
            #expect(
                preview["next"] == [
                    "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
                ])
            #expect(preview.keys == ["next", "description", "warnings"])
            #expect(
                preview["description"]
                    == .string(
                        "At 02:30 every day, Europe/Berlin; on 2026-03-29 the time does not exist: runs at 03:00"
                            + "; on 2026-10-25 the time comes twice: runs the first time only"))
            #expect(preview["warnings"].items.count == 2)
            #expect(try await person.get("/tasks")["total"] == 0)
        }

        @Test func `a preview obeys the policy at changes of the clock, and the bounds`() async throws {
            let person = try await server.newcomer()
            let base: JSON = [
                "schedule_type": "cron", "schedule": "30 2 * * *", "timezone": "Europe/Berlin",
                "from": "2026-10-24T12:00:00Z", "count": 3,
            ]
            func preview(_ change: JSON) async throws -> JSON {
                try await person.call("POST", "/schedules/preview", base.merging(change)).json
            }
            let twice = try await preview(["dst_policy": "twice"])
            #expect(
                twice["next"] == [
                    "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00",
                ])
            #expect(
                twice["description"].string?.contains("on 2026-10-25 the time comes twice: runs both times") == true)
            let skip = try await preview(["dst_policy": "skip", "from": "2027-03-27T12:00:00Z", "count": 1])
            #expect(skip["next"] == ["2027-03-29T02:30:00+02:00"])
            #expect(skip["description"].string?.contains("on 2027-03-28 the time does not exist: does not run") == true)
            let before = try await preview(["ends_at": "2026-10-25T00:00:00Z", "from": "2026-10-20T00:00:00Z"])
            #expect(before["description"] == "At 02:30 every day, Europe/Berlin" && before["warnings"].items.isEmpty)
            let quartz = try await preview(["schedule": "0 0 12 ? * 6#3", "timezone": "UTC"])
            #expect(quartz["warnings"].items.count == 4)
        }

        @Test func `intervals keep their grid, once times come once, ten is the default`() async throws {
            let person = try await server.newcomer()
            func next(_ fields: JSON) async throws -> JSON {
                try await person.call("POST", "/schedules/preview", fields).json["next"]
            }
            let from: JSON = ["from": "2026-01-01T00:00:10Z"]
            #expect(
                try await next(from.merging(["schedule_type": "interval", "schedule": "1h30m", "count": 2]))
                    == ["2026-01-01T01:30:10+00:00", "2026-01-01T03:00:10+00:00"])
            #expect(
                try await next(
                    from.merging([
                        "schedule_type": "interval", "schedule": "1h", "starts_at": "2025-12-31T12:34:56Z", "count": 1,
                    ]))
                    == ["2026-01-01T00:34:56+00:00"])
            #expect(
                try await next(
                    from.merging(["schedule_type": "once", "schedule": "2026-06-01T12:00:00", "timezone": "Asia/Tokyo"])
                )
                    == ["2026-06-01T12:00:00+09:00"])
            #expect(
                try await next(from.merging(["schedule_type": "once", "schedule": "2020-01-01T00:00:00Z"]))
                    == .array([]))
            #expect(try await next(["schedule_type": "cron", "schedule": "@hourly"]).items.count == 10)
            #expect(
                try await next(
                    from.merging([
                        "schedule_type": "cron", "schedule": "0 0 * * *", "ends_at": "2026-01-03T00:00:00Z",
                    ]))
                    == ["2026-01-02T00:00:00+00:00"])
        }

        @Test func `no answer leaves the years 0001 to 9999`() async throws {
            let person = try await server.newcomer()
            let end: JSON = ["from": "9999-12-31T00:00:00Z", "schedule_type": "interval", "timezone": "Asia/Tokyo"]
            let last = try await person.call("POST", "/schedules/preview", end.merging(["schedule": "7h"]))
            #expect(
                try last.json["next"] == [
                    "9999-12-31T16:00:00+09:00", "9999-12-31T23:00:00+09:00", "9999-12-31T21:00:00+00:00",
                ])
            let late = try await person.call("POST", "/schedules/preview", end.merging(["schedule": "366d"]))
            #expect(try late.json["next"] == .array([]), "from another instant it fires")
            for (zone, start) in [
                ("America/Los_Angeles", "9999-12-31T23:59:59"), ("Asia/Tokyo", "0001-01-01T00:00:00"),
            ] {
                let change: JSON = ["timezone": .string(zone), "starts_at": .string(start)]
                let answer = try await person.call("POST", "/tasks", Person.task.merging(change))
                #expect(answer.faultyPlaces == ["body.starts_at"])
                let once = try await person.call(
                    "POST", "/tasks", Person.task.merging(["timezone": .string(zone), "schedule": .string(start)]))
                #expect(once.faultyPlaces == ["body.schedule"])
            }
        }

        @Test(
            arguments: [
                (["schedule": nil], "schedule"), (["schedule": "0 0 31 2 *"], "schedule"),
                (["schedule_type": nil], "schedule_type"),
                (["timezone": "Mars/Olympus"], "timezone"), (["count": 0], "count"), (["count": 101], "count"),
                (["count": "5"], "count"), (["from": "now"], "from"), (["dst_policy": "sometimes"], "dst_policy"),
                (["schedule_type": "interval"], "schedule"),
            ] as [(JSON, String)])
        func `a faulty question is refused by field`(change: JSON, field: String) async throws {
            let person = try await server.newcomer()
            let base: JSON = ["schedule_type": "cron", "schedule": "0 2 * * *"]
            let answer = try await person.call("POST", "/schedules/preview", base.merging(change))
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces == ["body.\(field)"])
            #expect(try await server.call("POST", "/schedules/preview", base).verdict == "401 not_authenticated")
        }
    }
}
