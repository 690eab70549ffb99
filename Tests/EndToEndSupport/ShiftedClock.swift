import Foundation
import Glibc

/// The machine's clock, shifted at will: processes read it under libfaketime. They all see a new time at once, and it
/// goes on from there as fast as ever.
package struct ShiftedClock: Sendable {
    /// Put before a program and its arguments: it then reads this clock instead of the machine's.
    package let prefix: [String]
    private let path: String

    package init(in workspace: Workspace, at instant: Date) throws {
        path = workspace.path("clock")
        let timers = workspace.path("timers")
        // Copied to where every user may read it, by a path that holds no blank.
        try FileManager.default.copyItem(atPath: try Tool.find(built: "libRealTimers.so"), toPath: timers)
        // By env, so that no program in between is loaded with it: what libfaketime shares belongs to one user.
        prefix = [
            "/usr/bin/env", "LD_PRELOAD=\(timers) \(try Self.library())",
            "FAKETIME_TIMESTAMP_FILE=\(path)", "FAKETIME_NO_CACHE=1",
            // Naps and leases go by the monotonic clock, which is the machine's.
            "DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
            // libfaketime puts its own in place of this; would it have to add it, the environment would move, and Swift
            // looks for a program's arguments beside it.
            "FAKETIME_SHARED=none none",
        ]
        try set(instant)
    }

    /// Makes it this late now.
    package func set(_ instant: Date) throws {
        let shift = instant.timeIntervalSinceNow
        let new = "\(path).new"
        try Data("\(shift < 0 ? "" : "+")\(shift)\n".utf8).write(to: URL(fileURLWithPath: new))
        chmod(new, 0o644)
        // At no time may a reader find none, or half of it.
        guard rename(new, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// A script that is the program under this clock.
    package func program(_ program: String, in workspace: Workspace) throws -> String {
        let script = workspace.path("program")
        let words = (prefix + [program]).map { "'\($0)'" }.joined(separator: " ")
        try Data("#!/bin/sh\nexec \(words) \"$@\"\n".utf8).write(to: URL(fileURLWithPath: script))
        chmod(script, 0o755)
        return script
    }

    private static func library() throws -> String {
        let home = "/usr/lib"
        let places = try FileManager.default.contentsOfDirectory(atPath: home)
            .map { "\(home)/\($0)/faketime/libfaketime.so.1" }
        guard let found = places.first(where: FileManager.default.fileExists) else {
            throw Tool.Failure(
                description: "\(home)/*/faketime/libfaketime.so.1 is missing: install the package faketime")
        }
        return found
    }
}
