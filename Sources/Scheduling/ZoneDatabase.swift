import Foundation

/// The system's tz database: one TZif file per zone.
enum ZoneDatabase {
    private static let directory = "/usr/share/zoneinfo"

    private static let longestName = 50

    /// Entries that systems keep beside the zones, though the tz database knows no such zone or they name no place.
    private static let notZones: Set<String> = ["localtime", "posixrules", "Factory"]

    static func table(of name: String) throws(ZoneError) -> ZoneTable {
        let allowed = "is not a zone of the tz database; allowed: names such as Europe/Paris or UTC, spelled exactly so"
        guard !name.isEmpty else { throw ZoneError(name, "is empty; allowed: names such as Europe/Paris or UTC") }
        guard name.utf8.count <= longestName else { throw ZoneError(name, "is longer than \(longestName) characters") }
        guard isPlainName(name), !notZones.contains(name) else { throw ZoneError(name, allowed) }
        guard let content = FileManager.default.contents(atPath: directory + "/" + name) else {
            guard FileManager.default.fileExists(atPath: directory + "/Etc/UTC") else {
                throw ZoneError(name, "cannot be looked up: this system has no tz database (install tzdata)")
            }
            throw ZoneError(name, allowed)
        }
        guard content.starts(with: TZif.magic) else { throw ZoneError(name, allowed) }
        guard let table = TZif.table(from: [UInt8](content)) else {
            throw ZoneError(name, "has a damaged file in this system's tz database")
        }
        return table
    }

    /// Letters, digits, `+`, `-` and `_` in parts with slashes between, as all tz names are; so no path leads astray.
    private static func isPlainName(_ name: String) -> Bool {
        var startsPart = true
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): startsPart = false
            case UInt8(ascii: "/") where !startsPart: startsPart = true
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                guard !startsPart else { return false }
            default: return false
            }
        }
        return !startsPart
    }
}
