import Foundation

@testable import Scheduling

/// A date and time on the first line; what follows chooses a zone and any instant at all.
///
/// What is read is written back as the same moment, and what is written is read back.
func fuzz(_ bytes: [UInt8]) {
    var (text, choices) = textAndChoices(swollen(bytes))
    let zone = choices.among(zones)
    let moment = inLinearTime(text.utf8.count, "reading a moment") { ISO8601.parse(text) }
    switch moment {
    case nil: break
    case .instant(let date):
        require(ISO8601.parse(ISO8601.format(date)) == .instant(date), "'\(text)' comes back as another instant")
        checkInZone(date, zone)
    case .local(let time):
        let date = time.instant(in: zone)
        let shown = ISO8601.format(date, in: zone)
        let second = CivilDate.floorDivide(date.microseconds, by: 1_000_000)
        let segment = zone.segment(at: second)
        let asWritten = text.utf8.prefix(16).map { $0 == 0x20 || $0 == 0x74 ? 0x54 : $0 }
        let isShown = shown.utf8.prefix(16).elementsEqual(asWritten)
        // A `Date` far from now is too coarse for the fraction, and may round it up into the next second.
        if time.nanosecond > 0, !(1_900...2_100).contains(time.year) { return }
        require(isShown || second == segment.start, "'\(text)' in \(zone.name) shows as \(shown)")
        require(second + segment.offset >= segment.freshFrom || !isShown, "'\(text)' in \(zone.name) is no first pass")
        checkInZone(date, zone)
    }
    let any = Date(timeIntervalSinceReferenceDate: Double(bitPattern: choices.bits()))
    let written = ISO8601.format(any)
    require(isPlainLine(written), "an instant is written as '\(written)'")
    if let read = ISO8601.parse(written) {
        require(read == .instant(Date(microseconds: any.microseconds)), "\(written) is read as another instant")
    } else {
        let year = written.prefix { $0 != "-" }
        require(year.count != 4 || year == "0000", "\(written) is not read")
    }
    require(isPlainLine(ISO8601.format(any, in: zone)), "an instant in \(zone.name) is not plain")
}

private let zones = [
    "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Apia",
    "Asia/Kathmandu",
].map { name in require(try? ZoneRules.named(name), "no zone \(name)") }

/// With its offset a time is the same instant, but for the fraction and the odd seconds of old offsets.
private func checkInZone(_ date: Date, _ zone: ZoneRules) {
    let second = CivilDate.floorDivide(date.microseconds, by: 1_000_000)
    let shown = ISO8601.format(date, in: zone)
    guard zone.segment(at: second).offset % 60 == 0, let read = ISO8601.parse(shown) else { return }
    require(read == .instant(Date(wholeSeconds: second)), "\(shown) is another instant than \(second)")
}
