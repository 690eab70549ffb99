/// One event of a stream of server-sent events.
package struct ServerEvent: Sendable, Equatable {
    /// Its kind; `message` where it names none.
    package var name = "message"
    package var data = ""
    /// The last id told up to it.
    package var id: String?
}

/// Reads server-sent events from the pieces in which they come.
struct ServerEventReader {
    private var line: [UInt8] = []
    private var followsReturn = false
    private var event = ServerEvent()
    private var data: [String] = []

    /// The events that these bytes complete.
    mutating func read(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
        var events: [ServerEvent] = []
        for byte in bytes {
            let endsReturn = followsReturn && byte == UInt8(ascii: "\n")
            followsReturn = byte == UInt8(ascii: "\r")
            if endsReturn { continue }
            guard byte == UInt8(ascii: "\n") || followsReturn else {
                line.append(byte)
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func endLine() -> ServerEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return endEvent() }
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(decoding: parts[0], as: UTF8.self)
        var value = String(decoding: parts.dropFirst().first ?? [], as: UTF8.self)
        if value.hasPrefix(" ") { value.removeFirst() }
        switch name {
        case "event": event.name = value
        case "data": data.append(value)
        case "id": event.id = value
        default: break
        }
        return nil
    }

    private mutating func endEvent() -> ServerEvent? {
        defer {
            event = ServerEvent(id: event.id)
            data = []
        }
        guard !data.isEmpty else { return nil }
        event.data = data.joined(separator: "\n")
        return event
    }
}
