import EndToEndSupport
import Foundation

/// One event of an output stream.
struct StreamEvent: Sendable {
    let id: String
    let name: String
    let data: JSON

    /// The whole events of a stream, chunked or not.
    static func all(in text: String) -> [StreamEvent] {
        text.components(separatedBy: "id: ").dropFirst().compactMap { block in
            guard block.contains("\n\n") else { return nil }
            let lines = block.components(separatedBy: "\n")
            guard lines[1].hasPrefix("event: "), lines[2].hasPrefix("data: "),
                let data = try? JSON(parsing: Array(lines[2].dropFirst(6).utf8))
            else { return nil }
            return StreamEvent(id: lines[0], name: String(lines[1].dropFirst(7)), data: data)
        }
    }
}

extension Person {
    /// Asks for the output of an execution as it comes, after the event of an id; the answer is yet to be read.
    func watch(_ execution: String, of task: String, after event: String? = nil) async throws -> Connection {
        let connection = try Connection(port: await server.port)
        let fields =
            ["Host: localhost", "Authorization: Bearer \(token)"] + (event.map { ["Last-Event-ID: \($0)"] } ?? [])
        let head = ["GET /api/v1/tasks/\(task)/executions/\(execution)/output/stream HTTP/1.1"] + fields
        await connection.send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        return connection
    }
}

extension Connection {
    /// What comes until it contains `text`, or the server has ended the stream or hung up.
    func text(until text: String? = nil, after before: String = "") async throws -> String {
        var received = before
        while true {
            if let text, received.contains(text) { return received }
            if received.hasSuffix("\r\n0\r\n\r\n") { return received }
            let bytes = try await receive()
            if bytes.isEmpty { return received }
            received += String(decoding: bytes, as: UTF8.self)
        }
    }
}
