import Domain

/// Something that happened to a run: an event of its stream. A newer server may know other kinds.
package struct RunEvent: Sendable {
    /// Its kind.
    package let name: String
    /// Nil where no stream told it.
    package let id: String?
    package let data: JSONValue

    /// The events that a stream would tell of an execution as it stands.
    package static func events(of execution: RemoteExecution) -> [RunEvent] {
        let members = { (keys: [TextKey]) in
            JSONValue.object(
                Dictionary(keys.map { ($0, execution.json.member($0) ?? .null) }) { first, _ in first })
        }
        let pieces = (["stdout", "stderr"] as [TextKey]).compactMap { key -> RunEvent? in
            guard let text = execution.text(key), !text.isEmpty else { return nil }
            return RunEvent(name: key.text, id: nil, data: ["offset": 0, "text": .string(text)])
        }
        let status = RunEvent(name: "status", id: nil, data: members(["status", "attempt_number"]))
        let end = RunEvent(name: "end", id: nil, data: members(["status", "reason", "return_code"]))
        return [status] + pieces + (execution.hasEnded ? [end] : [])
    }

    /// What the command wrote; nil for another event.
    package var output: RemoteOutput? {
        guard name == "stdout" || name == "stderr", let text = data.member("text")?.textValue else { return nil }
        return RemoteOutput(isError: name == "stderr", text: text)
    }

    /// The event as one object.
    package var json: JSONValue {
        ["event": .string(name), "id": id.map(JSONValue.string) ?? .null, "data": data]
    }
}

extension RunEvent {
    /// The event of a stream; nil where its data cannot be read.
    init?(_ event: ServerEvent) {
        guard let data = try? JSONValue.parse(Array(event.data.utf8)) else { return nil }
        self.init(name: event.name, id: event.id, data: data)
    }
}
