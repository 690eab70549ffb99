import Foundation
import Scheduling

/// The zone that this machine's clock shows, which is that of its crontabs.
enum MachineZone {
    /// UTC where the machine does not name a zone of the tz database.
    static var rules: ZoneRules {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/etc/localtime")
        let file = try? String(contentsOfFile: "/etc/timezone", encoding: .utf8)
        let named = link?.split(separator: "/zoneinfo/").last.map(String.init)
        for name in [named, file?.trimmingCharacters(in: .whitespacesAndNewlines)].compactMap(\.self)
        where name != "Etc/UTC" {
            if let zone = try? ZoneRules.named(name) { return zone }
        }
        return .utc
    }
}
