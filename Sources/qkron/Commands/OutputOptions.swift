import ArgumentParser
import Client
import Domain

/// How an answer is shown: as a table or a page for people, or as the API gives it for programs.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, as the API answers.")
    var json = false

    /// Shows an answer as JSON, or its sentence.
    func show(_ message: RemoteMessage) {
        show(message.json, or: message.text.printable)
    }

    /// Shows `value` as JSON, or `text`.
    func show(_ value: JSONValue, or text: @autoclosure () -> String) {
        StandardOutput.write(line: json ? value.serialized() : text())
    }

    /// Shows `answer` as the API writes it, or `text`.
    func show(_ answer: some JSONWritable, or text: @autoclosure () -> String) {
        StandardOutput.write(line: json ? String(decoding: JSONWriter.bytes(of: answer), as: UTF8.self) : text())
    }
}
