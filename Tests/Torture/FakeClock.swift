import EndToEndSupport
import Foundation

/// The wall clock of the servers and their PostgreSQL, by libfaketime: one file tells all of them how far it is off.
/// The monotonic clock is nobody's to step.
struct FakeClock: Sendable {
    let environment: [String: String]
    private let file: String

    /// Nil where libfaketime is not installed.
    init?(in workspace: Workspace) throws {
        let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
        let names = places.map { "\($0)/faketime/libfaketimeMT.so.1" }
        guard let library = names.first(where: FileManager.default.fileExists) else { return nil }
        file = "\(try workspace.openDirectory("clock"))/offset"
        environment = [
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file,
            // Read at every look at the clock, so that it is stepped for all at once.
            "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1",
            "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
        try set(0)
    }

    /// Sets how many seconds the clock is ahead.
    func set(_ offset: Double) throws {
        // Renamed into place: nobody reads half a number.
        try Data("+\(String(format: "%.6f", offset))s\n".utf8).write(to: URL(fileURLWithPath: "\(file).new"))
        chmod("\(file).new", 0o644)
        guard rename("\(file).new", file) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Lets a process use what libfaketime made for it while it was root.
    func share(with process: Int32) {
        for name in ["sem.faketime_sem", "faketime_shm"] { chmod("/dev/shm/\(name)_\(process)", 0o666) }
    }

    /// Removes what libfaketime has left of processes that were killed.
    static func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
        where name.contains("faketime_s") {
            guard let id = name.split(separator: "_").last.flatMap({ Int32($0) }), kill(id, 0) != 0 else { continue }
            unlink("/dev/shm/\(name)")
        }
    }
}
