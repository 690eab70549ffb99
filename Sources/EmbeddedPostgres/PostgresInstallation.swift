import Foundation
import Subprocess
import SystemPackage

/// A PostgreSQL server installed on this machine.
package struct PostgresInstallation: Sendable, Equatable {
    static let oldestVersion = 15
    static let programs = ["initdb", "pg_ctl", "postgres"]

    /// The directory of `initdb`, `pg_ctl` and `postgres`.
    package let directory: String
    /// The major version, 15 for instance.
    package let version: Int
    /// Whether somebody named this directory; then no other one is taken in its place.
    let isExplicit: Bool

    /// Finds a server of version 15 or newer: in `explicit` and nowhere else if given (`POSTGRES_BIN`), otherwise in
    /// the directories of `searchPath` (the text of `PATH`), otherwise the newest of the packages of the system.
    ///
    /// Throws `EmbeddedPostgresError`, which says what to install.
    package static func find(explicit: String?, searchPath: String = "") async throws -> PostgresInstallation {
        if let explicit { return try await read(explicit, isExplicit: true) }
        let onPath = searchPath.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        for directory in onPath where missingProgram(in: directory) == nil {
            let found = try await read(directory, isExplicit: false)
            if found.version >= oldestVersion { return found }
        }
        guard let newest = packaged().max(by: { $0.version < $1.version }) else {
            throw EmbeddedPostgresError.installationMissing(
                lookedIn: ["PATH"] + packageFolders.map { "\($0.folder)/\($0.prefix)*/bin" })
        }
        return newest
    }

    /// This installation if it can run a cluster of `version`, else another one of the system that can, else nil.
    func serving(version: Int) -> PostgresInstallation? {
        if self.version == version { return self }
        guard !isExplicit else { return nil }
        return Self.packaged().first { $0.version == version }
    }

    func program(_ name: String) -> FilePath { FilePath(directory).appending(name) }

    /// Where packages install: Debian's folder, and that of PostgreSQL's own RPMs.
    private static let packageFolders = [
        (folder: "/usr/lib/postgresql", prefix: ""), (folder: "/usr", prefix: "pgsql-"),
    ]

    private static func packaged() -> [PostgresInstallation] {
        packageFolders.flatMap { folder, prefix in
            // A folder that is missing holds no packages.
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.compactMap { name -> PostgresInstallation? in
                let directory = "\(folder)/\(name)/bin"
                guard name.hasPrefix(prefix), let version = Int(name.dropFirst(prefix.count)),
                    version >= oldestVersion, missingProgram(in: directory) == nil
                else { return nil }
                return PostgresInstallation(directory: directory, version: version, isExplicit: false)
            }
        }
    }

    private static func missingProgram(in directory: String) -> String? {
        programs.first { access("\(directory)/\($0)", X_OK) != 0 }
    }

    private static func read(_ directory: String, isExplicit: Bool) async throws -> PostgresInstallation {
        if let missing = missingProgram(in: directory) {
            throw EmbeddedPostgresError.installationIncomplete(directory: directory, missing: missing)
        }
        let path = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(directory))
        let result = try await run(
            .path(path.appending("postgres")), arguments: ["--version"],
            environment: .custom(ServerCommand.environment),
            output: .string(limit: 4_096), error: .discarded)
        let answer = result.standardOutput
        // "postgres (PostgreSQL) 15.13 (Debian …)", or "17beta1" in the place of the number
        let number = answer.split(separator: " ").dropFirst(2).first?.prefix { $0.isASCII && $0.isNumber }
        guard let number, let version = Int(number) else {
            throw EmbeddedPostgresError.installationUnreadable(directory: directory, answer: answer)
        }
        guard version >= oldestVersion || !isExplicit else {
            throw EmbeddedPostgresError.installationTooOld(directory: directory, version: version)
        }
        return PostgresInstallation(directory: path.string, version: version, isExplicit: isExplicit)
    }
}
