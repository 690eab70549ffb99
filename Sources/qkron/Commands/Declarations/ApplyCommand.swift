import ArgumentParser
import Declarations
import Foundation

/// Makes the tasks of a file so.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the tasks of a file so, and tell the difference; asks a server.",
        discussion: """
            The file, YAML or JSON, holds 'tasks', a list of fields as the API has them, and perhaps 'name', what the file \
            is called; else it is called as on disk. Tasks are matched by name among those that this file made (they bear \
            the tag file:NAME). A field that the file leaves out gets its usual value; only is_active and retry_delay \
            stay as they are. The whole file is checked before anything is done. 
            """ + CommandFailure.codesInWords)

    @Argument(help: "The file; '-' is standard input.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: String

    @OptionGroup var declaration: DeclarationOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await CommandFailure.inWords {
            let judge = try TaskJudge.server()
            let content = try TaskFile(
                try InputFile.text(of: file), path: InputFile.title(of: file), judge: judge)
            guard let name = content.name ?? Self.name(of: file) else {
                throw CommandError(
                    description: "Standard input has no name: give the file one with 'name:' at its top.")
            }
            let run = DeclarationRun(
                tasks: content.tasks, marker: .file(name), path: InputFile.title(of: file), namesakes: .refused,
                judge: judge, options: declaration, output: output)
            try await options.withServer { server in try await run.make(on: server) }
        }
    }

    /// What a file is called, without its directory and its ending; nil for standard input.
    private static func name(of path: String) -> String? {
        path == "-" ? nil : URL(filePath: path).deletingPathExtension().lastPathComponent
    }
}
