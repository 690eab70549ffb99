import CLinux
import Executor
import Foundation
import Glibc
import Logging
import Subprocess
import SystemPackage
import UnixSignals

/// Replaces the server by the program now on disk, in the same process, whenever SIGHUP comes.
struct ServerReplacement {
    /// Where the program is found, also when its file has been replaced meanwhile.
    private let path: String
    private let arguments = CommandLine.arguments
    private let hangups: UnixSignalsSequence
    private let terminations: UnixSignalsSequence
    private let reload: Reload
    private let launcher: LauncherClient?
    private let logger: Logger

    /// Traps the signal from now on.
    ///
    /// - Parameters:
    ///   - reload: what a replacement cannot change.
    ///   - launcher: the one that a replacement would need.
    init(_ reload: Reload, launcher: LauncherClient?, logger: Logger) async throws {
        self.reload = reload
        self.launcher = launcher
        path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        hangups = await UnixSignalsSequence(trapping: .sighup)
        terminations = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.logger = logger
    }

    /// Waits for a SIGHUP after which the program on disk could take over; one that comes before the server runs counts
    /// from then on. False if the task is cancelled. To be called once: the signals have one reader.
    func isWanted(onceRunning isRunning: () -> Bool) async -> Bool {
        for await _ in hangups {
            do {
                while !isRunning() { try await Task.sleep(for: .milliseconds(50)) }
                try await checkSuccessor()
                logger.notice("The server is replaced by the program on disk", metadata: ["path": "\(path)"])
                return true
            } catch is CancellationError {
                return false
            } catch {
                logger.error("The server goes on: its replacement could not start", metadata: ["error": "\(error)"])
            }
        }
        return false
    }

    /// Waits for a signal to stop for good. To be called once, likewise.
    func isToldToStop() async -> Bool {
        for await _ in terminations { return true }
        return false
    }

    /// Becomes the program on disk, or, if that has vanished, starts anew as what it is. Returns only by throwing.
    func replace(leaving inheritance: Inheritance) throws -> Never {
        let entry = try inheritance.environmentEntry
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" } + [entry]
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                var error: Int32 = 0
                for path in [path, "/proc/self/exe"] {
                    let kept = inheritance.descriptors
                    error = -qkron_replace_program(path, arguments, environment, kept, kept.count)
                }
                return error
            }
        }
        throw ReplacementError(description: "cannot start \(path): \(String(cString: strerror(error)))")
    }

    /// Lets the program on disk read its configuration, with our arguments and environment.
    private func checkSuccessor() async throws {
        guard launcher?.isGone != true else {
            throw ReplacementError(description: "the launcher has ended, and only a restart brings another")
        }
        let (name, value) = try reload.environmentEntry
        let outcome = try await Subprocess.run(
            .path(.init(path)), arguments: .init(Array(arguments.dropFirst()) + ["--check"]),
            environment: .inherit.updating([.init(stringLiteral: name): value]), output: .discarded,
            error: .string(limit: 16_384))
        guard case .exited(0) = outcome.terminationStatus else {
            throw ReplacementError(description: outcome.standardError)
        }
    }

    private func withCStrings<Value>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Value
    ) -> Value {
        let pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

/// Why the server cannot be replaced.
struct ReplacementError: Error, CustomStringConvertible {
    let description: String
}
