import Foundation
import Testing

@testable import Scheduling

struct ScheduleWordsTests {
    private func schedule(_ text: String, _ dst: DSTPolicy = .standard) throws -> Schedule {
        .cron(try CronExpression(text), try ZoneRules.named("Europe/Berlin"), dst)
    }

    @Test(arguments: [
        ("30 2 * * 1-5", "Every weekday at 02:30"), ("30 2 * * *", "At 02:30 every day"),
        ("* * * * *", "Every minute"), ("* * * * * *", "Every second"), ("*/10 * * * * *", "Every 10 seconds"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("*/15 9-17 * * MON-FRI", "Every 15 minutes of hours 9 to 17, every weekday"),
        ("0 * * * *", "Every hour"), ("0 */2 * * *", "Every 2 hours"),
        ("0 8,20 * * 1,4", "Every Monday and Thursday at 08:00 and 20:00"),
        ("0 0 1,15 * *", "On days 1 and 15 of the month at 00:00"),
        ("0 22 L * *", "On the last day of the month at 22:00"),
        ("0 3 * * 2#2", "Every second Tuesday of the month at 03:00"),
        ("0 3 * * FRIL", "Every last Friday of the month at 03:00"),
        ("0 9 LW 3,6 *", "On the last weekday in March and June at 09:00"),
        ("0 0 13 * FRI", "On day 13 and every Friday of the month at 00:00"),
        ("0 0 29 2 *", "On day 29 in February at 00:00"), ("15 30 4 * 12 *", "Every day in December at 04:30:15"),
        ("1-10 4 * * *", "Minutes 1 to 10 of hour 4"), ("* * 1 * * *", "Every second of hour 1"),
        ("30 * * * * *", "Second 30 of every minute"),
        ("5 * * * *", "Minute 5 of every hour"), ("* 5 * * * *", "Every second of minute 5 of every hour"),
    ])
    func `a cron schedule is told in words`(_ text: String, _ words: String) throws {
        #expect(try schedule(text).sentence == words + ", Europe/Berlin")
    }

    @Test func `intervals and instants are told in words`() throws {
        let anchor = Date(timeIntervalSince1970: 0)
        #expect(
            Schedule.interval(try Interval("90m"), anchor: anchor, includesAnchor: false).sentence
                == "Every 1 hour 30 minutes")
        #expect(Schedule.interval(try Interval("1d"), anchor: anchor, includesAnchor: false).sentence == "Every day")
        #expect(
            Schedule.interval(try Interval("30s"), anchor: anchor, includesAnchor: true).sentence == "Every 30 seconds")
        #expect(Schedule.once(anchor).sentence == "Once at 1970-01-01T00:00:00Z")
    }

    @Test(arguments: [
        ("0 12 * * *", []),
        ("*/7 12 * * *", ["'*/7' in minute does not divide 60: the last step of each round is shorter."]),
        (
            "5/7 12 * * *",
            [
                "'5/7' in minute does not divide 60: the last step of each round is shorter.",
                "'5/7' in minute goes on to the top of its field; plain cron reads 5 alone.",
            ]
        ),
        (
            "0 12 * * MON/2",
            [
                "'MON/2' in day of week does not divide 7: the last step of each round is shorter.",
                "'MON/2' in day of week goes on to the top of its field; plain cron reads MON alone.",
            ]
        ),
        ("10-40/7 12 * * *", []),
        (
            "0 12 5/7 * *",
            [
                "'5/7' in day of month counts anew from day 5 of each month.",
                "'5/7' in day of month goes on to the top of its field; plain cron reads 5 alone.",
            ]
        ),
        ("0 12 */2 * *", ["'*/2' in day of month counts anew from the 1st of each month."]),
        ("0 12 31 * *", ["Months without a day 31 have no run on it."]), ("0 12 31 1,3 *", []),
        ("0 12 29 2 *", ["Months without a day 29 have no run on it."]),
        (
            "0 12 13 * 5",
            [
                "Day of month and day of week are both restricted: a date that matches either one will do; other dialects want both."
            ]
        ),
        (
            "0 12 *,13 * 5",
            ["Day of month and day of week are both restricted: a date must match both; other dialects take either."]
        ),
        (
            "30 2 * * *",
            [
                "The clock skips from 2026-03-29T02:00:00 to 2026-03-29T03:00:00; runs in between come once, when the clock has moved on.",
                "The clock goes back from 2026-10-25T03:00:00 to 2026-10-25T02:00:00; runs in between come in the first pass only.",
            ]
        ),
        (
            "30 * * * *",
            [
                "The clock skips from 2026-03-29T02:00:00 to 2026-03-29T03:00:00; the schedule goes on at its next existing time.",
                "The clock goes back from 2026-10-25T03:00:00 to 2026-10-25T02:00:00; runs in between come in both passes.",
            ]
        ),
    ])
    func `a schedule that may surprise is warned of`(_ text: String, _ sentences: [String]) throws {
        let from = try #require(ISO8601.parse("2026-01-01T00:00:00Z")?.resolved(in: .utc))
        let warnings = ScheduleWarning.warnings(
            for: try schedule(text), text: text, from: from, through: from + 366 * 86_400)
        #expect(warnings.map(\.description) == sentences)
    }

    @Test(arguments: [
        ("* * * * *", []), ("0 9 * * 1-5", []), ("0 9 * * FRI-SAT", []), ("@daily", []),
        ("@weekly", ["'@weekly' means Sunday at 00:00; systemd reads Monday."]),
        ("0 0 9 * * *", ["The first of six fields is the second; other dialects take the sixth for the year."]),
        (
            "0 0 9 * * 2-6",
            [
                "The first of six fields is the second; other dialects take the sixth for the year.",
                "2 in day of week is Tuesday; Quartz counts from 1 and reads Monday.",
            ]
        ),
        ("0 9 ? * MON", ["'?' in day of month means '*'; plain cron refuses it."]),
        ("0 9 L * *", ["'L' in day of month is an extension; plain cron refuses it."]),
        ("0 9 15W * *", ["'15W' in day of month is an extension; plain cron refuses it."]),
        ("0 9 * * FRI#2", ["'FRI#2' in day of week is an extension; plain cron refuses it."]),
        (
            "0 9 * * 5L",
            [
                "'5L' in day of week is an extension; plain cron refuses it.",
                "5 in day of week is Friday; Quartz counts from 1 and reads Thursday.",
            ]
        ),
        ("0 22-2 * * *", ["'22-2' in hour runs past the top of its field; plain cron refuses it."]),
        ("0 9 * NOV-FEB *", ["'NOV-FEB' in month runs past the top of its field; plain cron refuses it."]),
        ("0 9 * JUL-AUG *", []), ("0 9 * * 5-7", ["7 in day of week is Sunday; some dialects know 0 alone."]),
        ("0 9 * * 7", ["7 in day of week is Sunday; some dialects know 0 alone."]),
    ])
    func `what other dialects read differently is warned of`(_ text: String, _ sentences: [String]) throws {
        let utc = Schedule.cron(try CronExpression(text), .utc, .standard)
        let now = Date(timeIntervalSince1970: 1_770_000_000)
        let warnings = ScheduleWarning.warnings(for: utc, text: text, from: now, through: now)
        #expect(warnings.map(\.description) == sentences)
    }

    @Test(arguments: [
        (
            "30 2 * * *", DSTPolicy.standard, "on 2027-03-28 the time does not exist: runs at 03:00",
            "comes twice: runs the first time only"
        ),
        (
            "30 2 * * *", .skip, "on 2027-03-28 the time does not exist: does not run",
            "comes twice: runs the first time only"
        ),
        (
            "30 2 * * *", .once, "on 2027-03-28 the time does not exist: runs at 03:00",
            "comes twice: runs the first time only"
        ),
        ("30 2 * * *", .twice, "on 2027-03-28 the time does not exist: runs at 03:00", "comes twice: runs both times"),
        (
            "*/20 2 * * *", .standard, "on 2027-03-28 the times from 02:00 until 03:00 do not exist: runs at 03:00",
            "come twice: runs both times"
        ),
        (
            "*/20 2 * * *", .skip, "on 2027-03-28 the times from 02:00 until 03:00 do not exist: does not run at them",
            "come twice: runs both times"
        ),
        (
            "30 * * * *", .once, "on 2027-03-28 the times from 02:00 until 03:00 do not exist: goes on at 03:30",
            "come twice: runs the first time only"
        ),
    ])
    func `the sentence tells of the next changes of the clock`(
        _ text: String, _ dst: DSTPolicy, _ spring: String, _ autumn: String
    ) throws {
        let from = try #require(ISO8601.parse("2026-11-27T12:00:00Z")?.resolved(in: .utc))
        let told = try schedule(text, dst).sentence(from: from, through: from + 366 * 86_400)
        let clauses = told.components(separatedBy: "; ")
        try #require(clauses.count == 3)
        #expect(clauses[0] == (try schedule(text, dst).sentence) && clauses[1] == spring)
        #expect(clauses[2].hasPrefix("on 2027-10-31 the time") && clauses[2].hasSuffix(autumn))
        let summer = try schedule(text, dst).sentence(from: from + 180 * 86_400, through: from + 546 * 86_400)
        #expect(summer.contains("2027-10-31") && summer.contains("; on 2028-03-26"))
    }

    @Test func `a day that a zone left out is told with its date`() throws {
        let apia = Schedule.cron(try CronExpression("30 2 * * *"), try ZoneRules.named("Pacific/Apia"), .standard)
        let from = try #require(ISO8601.parse("2011-12-01T00:00:00Z")?.resolved(in: .utc))
        #expect(
            apia.sentence(from: from, through: from + 40 * 86_400)
                == "At 02:30 every day, Pacific/Apia; on 2011-12-30 the time does not exist: runs at 2011-12-31 00:00")
        #expect(apia.sentence(from: from, through: from + 86_400) == "At 02:30 every day, Pacific/Apia")
    }

    @Test func `a warning speaks of the policy in force and of far slots`() throws {
        let from = try #require(ISO8601.parse("2026-01-01T00:00:00Z")?.resolved(in: .utc))
        let skip = ScheduleWarning.warnings(
            for: try schedule("30 2 * 3 *", .skip), text: "30 2 * 3 *", from: from, through: from + 366 * 86_400)
        #expect(
            skip.map(\.description) == [
                "The clock skips from 2026-03-29T02:00:00 to 2026-03-29T03:00:00; runs in between are left out."
            ])
        let text = "30 2 26 10 *"
        #expect(
            ScheduleWarning.warnings(for: try schedule(text), text: text, from: from, through: from + 366 * 86_400)
                .isEmpty)
        let far = ScheduleWarning.warnings(
            for: try schedule(text, .twice), text: text, from: from, through: from + 12 * 366 * 86_400)
        #expect(
            far.map(\.description) == [
                "The clock goes back from 2031-10-26T03:00:00 to 2031-10-26T02:00:00; runs in between come in both passes."
            ])
        #expect(ScheduleWarning.warnings(for: .once(from), text: "x", from: from, through: from).isEmpty)
    }

    @Test(arguments: [
        ("2027-03-28T02:30:00", "2027-03-28T01:00:00Z", "skips"),
        ("30 2 28 3 *", "2027-03-28T01:00:00Z", "skips"),
        ("2027-10-31T02:30:00", "2027-10-31T00:30:00Z", "goes back"),
        ("30 2 31 10 *", "2027-10-31T00:30:00Z", "goes back"),
        ("2027-03-28T03:00:00", "2027-03-28T01:00:00Z", ""), ("2027-10-31T01:59:00", "2027-10-30T23:59:00Z", ""),
        ("2027-03-28T02:30:00+01:00", "2027-03-28T01:30:00Z", ""), ("2027-06-01T12:00:00", "2027-06-01T10:00:00Z", ""),
    ])
    func `a single local time that is skipped or comes twice is warned of`(
        _ text: String, _ instant: String, _ word: String
    ) throws {
        let berlin = try ZoneRules.named("Europe/Berlin")
        let instant = try #require(ISO8601.parse(instant)?.resolved(in: .utc))
        let warnings = ScheduleWarning.warnings(forOnce: text, at: instant, in: berlin).map(\.description)
        #expect(word.isEmpty ? warnings.isEmpty : warnings.count == 1 && warnings[0].contains(word), "\(warnings)")
    }
}
