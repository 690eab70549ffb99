import Foundation

@testable import Scheduling

/// An expression on the first line; what follows chooses a zone, a policy and an instant.
///
/// The text means what a plain reading of it means, however it is spelled; slots agree with a clock watched step by
/// step, rise strictly, and are the same from wherever one asks.
func fuzz(_ bytes: [UInt8]) {
    var (text, choices) = textAndChoices(swollen(bytes))
    let parsed = inLinearTime(text.utf8.count, "reading an expression") { () -> CronExpression? in
        do throws(CronError) {
            return try CronExpression(text)
        } catch {
            require(isPlainLine(error.description), "the error is not one plain line: \(error)")
            return nil
        }
    }
    let written = WrittenExpression(plainly: text)
    require((parsed == nil) == (written == nil), "only one of the two readings accepts '\(text)'")
    guard let parsed, let written else { return }
    checkSpelling(of: parsed, text)
    let policy = choices.among(DSTPolicy.allCases)
    checkWatched(parsed, written, policy, Window.all[Int(choices.byte()) % Window.all.count])
    checkSlots(parsed, text, policy, choices.among(Window.zones), &choices)
}

/// Neither case, nor blanks, nor a second field of 0, nor a list said twice makes another expression.
private func checkSpelling(of expression: CronExpression, _ text: String) {
    func means(_ other: String) -> Bool { (try? CronExpression(other)) == expression }
    require(means(text.uppercased()) && means(text.lowercased()), "the case of letters matters in '\(text)'")
    let fields = text.split { $0 == " " || $0 == "\t" }
    let joined = fields.joined(separator: " ")
    require(means(joined), "blanks matter in '\(text)'")
    if fields.count == 5 { require(means("0 " + joined), "'0' as second is not the same as none in '\(text)'") }
    let doubled = fields.map { $0 == "?" || $0.hasPrefix("@") ? String($0) : "\($0),\($0)" }.joined(separator: " ")
    if doubled.utf8.count <= 1_000 { require(means(doubled), "'\(doubled)' is not '\(text)'") }
}

/// A stretch of time in a zone, with its clock read step by step.
private struct Window {
    let zone: ZoneRules
    let minutes: SimulatedClock
    let seconds: SimulatedClock

    static let zones = [
        "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Monrovia",
        "Pacific/Apia", "Asia/Kathmandu", "Antarctica/Troll", "Africa/Casablanca",
    ].map { name in require(try? ZoneRules.named(name), "no zone \(name)") }

    /// Around changes of each kind: forwards, backwards, by half an hour, over midnight, over a whole day.
    static let all: [Window] = [
        ("UTC", 1_772_323_200), ("Europe/Paris", 1_774_746_000), ("Europe/Paris", 1_792_890_000),
        ("Australia/Lord_Howe", 1_775_314_800), ("Australia/Lord_Howe", 1_791_041_400),
        ("America/Havana", 1_772_946_000),
        ("America/Havana", 1_793_509_200), ("Pacific/Apia", 1_325_239_200), ("Antarctica/Troll", 1_774_746_000),
    ].map { name, change in
        let zone = require(try? ZoneRules.named(name), "no zone \(name)")
        return Window(
            zone: zone, minutes: SimulatedClock(zone, from: change - 129_600, through: change + 129_600, step: 60),
            seconds: SimulatedClock(zone, from: change - 4_500, through: change + 4_500, step: 1))
    }
}

private func checkWatched(
    _ expression: CronExpression, _ written: WrittenExpression, _ policy: DSTPolicy, _ window: Window
) {
    let clock = written.seconds == [0] ? window.minutes : window.seconds
    guard let begin = clock.readings.first?.instant, let end = clock.readings.last?.instant else { return }
    var last = begin - 1
    for expected in clock.runs(of: written)[policy] ?? [] {
        let found = expression.next(after: last, in: window.zone, dst: policy)
        require(
            found == expected,
            "'\(written.text)' in \(window.zone.name), \(policy): after \(last) not \(expected) but \(found ?? -1)")
        last = expected
    }
    let beyond = expression.next(after: last, in: window.zone, dst: policy)
    require((beyond ?? .max) > end, "'\(written.text)' in \(window.zone.name), \(policy): \(beyond ?? -1) is too early")
}

private func checkSlots(
    _ expression: CronExpression, _ text: String, _ policy: DSTPolicy, _ zone: ZoneRules, _ choices: inout Choices
) {
    let start = choices.number(in: -62_200_000_000...253_500_000_000)
    let schedule = Schedule.cron(expression, zone, policy)
    let slots = Slots(schedule: schedule)
    var found: [Date] = []
    var last = Date(timeIntervalSince1970: Double(start))
    for _ in 0..<8 {
        guard let slot = inLinearTime(0, "a slot of '\(text)'", { slots.first(after: last) }) else { break }
        require(slot > last, "'\(text)' in \(zone.name) does not rise after \(last.microseconds)")
        for earlier in [slot - 0.000_001, slot - 1, last + (slot.timeIntervalSince(last) / 2).rounded(.down)]
        where earlier >= last && earlier < slot {
            require(
                slots.first(after: earlier) == slot,
                "'\(text)' in \(zone.name) after \(earlier.microseconds) is not \(slot.microseconds)")
        }
        found.append(slot)
        last = slot
    }
    if let first = found.first {
        let limit = choices.number(in: 1...9)
        let latest = slots.latest(limit, from: first, through: last)
        require(latest == Array(found.suffix(limit)), "the latest \(limit) slots of '\(text)' in \(zone.name) differ")
    }
    let begin = Date(timeIntervalSince1970: Double(start))
    let end = begin + 366 * 86_400
    require(!schedule.sentence(from: begin, through: end).isEmpty, "'\(text)' has no sentence")
    _ = inLinearTime(text.utf8.count, "warnings") {
        ScheduleWarning.warnings(for: schedule, text: text, from: begin, through: end)
    }
}
