import ArgumentParser
import Domain

/// Prints the version.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var output: OutputOptions

    func run() {
        output.show(["version": .string(Version.current)], or: "qkron \(Version.current)")
    }
}
