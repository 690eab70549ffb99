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
        ("*/15 * * * *", "Every 15 minutes"), ("0,30 * * * *", "Every 30 minutes"),
        ("*/15 9-17 * * MON-FRI", "Every 15 minutes from 09:00 to 17:45, every weekday"),
        ("* 9-17 * * *", "Every minute from 09:00 to 17:59"),
        ("*/15 2,4,6 * * *", "Every 15 minutes during hours 2, 4 and 6"),
        ("0 * * * *", "Every hour"), ("0 */2 * * *", "Every 2 hours"),
        ("30 */2 * * *", "Every 2 hours from 00:30 to 22:30"),
        ("0 9-17 * * *", "Every hour from 09:00 to 17:00"), ("0 8-20/2 * * *", "Every 2 hours from 08:00 to 20:00"),
        ("0 20-6 * * *", "Every hour from 20:00 to 06:00"),
        ("0 20-6 * * MON", "Every hour from 00:00 to 06:00 and from 20:00 to 23:00, every Monday"),
        ("0 8,20 * * 1,4", "Every Monday and Thursday at 08:00 and 20:00"),
        ("0 0 1,15 * *", "On days 1 and 15 of the month at 00:00"),
        ("0 22 L * *", "On the last day of the month at 22:00"),
        ("0 22 L-1 * *", "On the second to last day of the month at 22:00"),
        ("0 3 * * 2#2", "On the second Tuesday of the month at 03:00"),
        ("0 3 * * MON#1,MON#3", "On the first and third Monday of the month at 03:00"),
        ("0 3 * * FRIL", "On the last Friday of the month at 03:00"),
        ("0 9 LW 3,6 *", "On the last weekday of March and June at 09:00"),
        ("0 9 15W 3-6 *", "On the weekday nearest to day 15 of each month from March to June at 09:00"),
        ("0 0 13 * FRI", "On day 13 of the month and every Friday at 00:00"),
        ("0 0 13 5 SAT-MON", "In May, on day 13 of the month and every day from Saturday to Monday at 00:00"),
        ("0 0 *,13 * FRI", "Every Friday at 00:00"), ("0 0 1-31 * FRI", "At 00:00 every day"),
        ("0 0 13 * 0-6", "At 00:00 every day"), ("0 0 13 3 0-6", "Every day in March at 00:00"),
        ("0 0 */2 * MON", "On every second day from day 1 to day 31 of the month, if it is a Monday, at 00:00"),
        ("0 0 1 * */2", "On day 1 of the month, if it is a Tuesday, Thursday, Saturday or Sunday, at 00:00"),
        ("0 0 29 2 *", "On day 29 of February at 00:00"), ("15 30 4 * 12 *", "Every day in December at 04:30:15"),
        ("0 0 * 11-2 *", "Every day from November to February at 00:00"), ("0 0 * * 5-7", "Friday to Sunday at 00:00"),
        ("0 0 * * 0-2", "Sunday to Tuesday at 00:00"), ("0 0 * * 1-6", "Monday to Saturday at 00:00"),
        ("0 0 * * 0,6", "Every Saturday and Sunday at 00:00"), ("0 0 * * 0,1", "Every Sunday and Monday at 00:00"),
        ("0 0 L-2 * *", "On the day 2 days before the last day of the month at 00:00"),
        ("15-45/10 */30 2 * * *", "At seconds 15, 25, 35 and 45 of minutes 0 and 30 of hour 2"),
        ("* 17 */6 * * *", "Every second of minute 17 of hours 0, 6, 12 and 18"),
        ("* * 9-17 * * *", "Every second of hours 9 to 17"),
        ("*/20 5 * * * *", "Every 20 seconds of minute 5 of every hour"),
        ("0 0 * * 0,2,5", "Every Tuesday, Friday and Sunday at 00:00"),
        ("0 0 * * 0-2,4-6", "Every day except Wednesday at 00:00"),
        ("1-10 4 * * *", "Every minute from 04:01 to 04:10"), ("* * 1 * * *", "Every second of hour 1"),
        ("*/7 * * * *", "Every 7 minutes from minute 0 to minute 56 of every hour"),
        ("5-20 8,9 * * *", "Every minute from minute 5 to minute 20 of hours 8 and 9"),
        ("30 * * * * *", "At second 30 of every minute"), ("1 * * * *", "At 1 minute past every hour"),
        ("5 * * * *", "At 5 minutes past every hour"), ("5,35 * * * *", "At 5 and 35 minutes past every hour"),
        ("5,10,37 4-9 * * *", "At minutes 5, 10 and 37 of hours 4 to 9"),
        ("* 5 * * * *", "Every second of minute 5 of every hour"),
    ])
    func `a cron schedule is told in words`(_ text: String, _ words: String) throws {
        #expect(try schedule(text).sentence == words + ", Europe/Berlin")
    }

    @Test func `intervals and instants are told in words`() throws {
        let anchor = Date(timeIntervalSince1970: 0)
        #expect(
            Schedule.interval(try Interval("90m"), anchor: anchor, includesAnchor: false).sentence
                == "Every 1 hour and 30 minutes")
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
                "'5/7' in minute does not divide 60: the last step of each round is longer.",
                "'5/7' in minute goes on to the top of its field; plain cron reads 5 alone.",
            ]
        ),
        (
            "0 12 * * MON/2",
            [
                "'MON/2' in day of week does not divide 7: the last step of each round is longer.",
                "'MON/2' in day of week goes on to the top of its field; plain cron reads MON alone.",
            ]
        ),
        ("5/15 12 * * *", ["'5/15' in minute goes on to the top of its field; plain cron reads 5 alone."]),
        (
            "40/15 12 * * *",
            [
                "'40/15' in minute begins anew at 40: the last step of each round is longer.",
                "'40/15' in minute goes on to the top of its field; plain cron reads 40 alone.",
            ]
        ),
        ("0-59/7 12 * * *", ["'0-59/7' in minute does not divide 60: the last step of each round is shorter."]),
        (
            "0 12 * * 1-7/2",
            [
                "'1-7/2' in day of week does not divide 7: the last step of each round is shorter.",
                "7 in day of week is Sunday; some dialects know 0 alone.",
            ]
        ),
        ("0-30/7 12 * * *", ["'0-30/7' in minute ends at 28: the step does not divide the range."]),
        ("10-40/7,50 12 * * *", ["'10-40/7' in minute ends at 38: the step does not divide the range."]),
        ("10-40/10 12 * * *", []), ("0-29/10 12 * * *", []), ("0 9-17/3 * * *", []), ("0 12 * * MON-FRI/2", []),
        ("0 12 * * 0-7/7", ["7 in day of week is Sunday; some dialects know 0 alone."]),
        (
            "0 12 * * MON-FRI/3",
            ["'MON-FRI/3' in day of week ends at 4: the step does not divide the range."]
        ),
        (
            "0 12 28-3/5 * *",
            [
                "'28-3/5' in day of month ends at 2: the step does not divide the range.",
                "'28-3/5' in day of month runs past the top of its field; plain cron refuses it.",
            ]
        ),
        (
            "0 12 1-31/2 * *",
            [
                "'1-31/2' in day of month counts anew from the 1st of each month.",
                "Months without days 29 and 31 have no run on them.",
            ]
        ),
        (
            "0 12 5/7 * *",
            [
                "'5/7' in day of month counts anew from day 5 of each month.",
                "'5/7' in day of month goes on to the top of its field; plain cron reads 5 alone.",
            ]
        ),
        (
            "0 12 */2 * *",
            [
                "'*/2' in day of month counts anew from the 1st of each month.",
                "Months without days 29 and 31 have no run on them.",
            ]
        ),
        (
            "0 12 */2 * 1",
            [
                "'*/2' in day of month counts anew from the 1st of each month.",
                "Months without days 29 and 31 have no run on them.",
                "Day of month and day of week are both restricted: a date must match both; other dialects take either.",
            ]
        ),
        (
            "0 12 28-3 * *",
            [
                "Months without days 29, 30 and 31 have no run on them.",
                "'28-3' in day of month runs past the top of its field; plain cron refuses it.",
            ]
        ),
        ("0 12 29,30 4-11 *", []), ("0 12 1-31 * *", []),
        ("0 12 30,31 4-11 *", ["Months without a day 31 have no run on it."]),
        (
            "0 12 L-30 * *",
            [
                "Months of 30 days or fewer have no day that is 30 before the last, and no run on it.",
                "'L-30' in day of month is an extension; plain cron refuses it.",
            ]
        ),
        ("0 12 L-30 1,3 *", ["'L-30' in day of month is an extension; plain cron refuses it."]),
        ("0 12 31 * *", ["Months without a day 31 have no run on it."]), ("0 12 31 1,3 *", []),
        ("0 12 29 2 *", ["February has a day 29 in leap years only: other years have no run on it."]),
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
        let moment = ISO8601.format(instant, in: berlin)
        #expect(warnings.allSatisfy { $0.hasSuffix("it runs at \(moment).") || $0.hasSuffix("the first, \(moment).") })
    }
}
