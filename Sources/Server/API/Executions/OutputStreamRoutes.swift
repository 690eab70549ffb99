import Domain
import HTTPTypes
import Operations

/// The route that shows an execution's output as it comes, as Server-Sent Events (HTML, section 9.2).
struct OutputStreamRoutes {
    /// So often it is looked for what is new.
    private static let pause = Duration.milliseconds(200)
    /// After so long without an event a comment keeps the connection open: a little less than is promised.
    private static let silence = Duration.seconds(14)
    /// So often it is asked whether the client may still watch.
    private static let recheck = Duration.seconds(30)

    let executions: ExecutionOperations

    var routes: [Route] {
        [
            Route(
                .get, "/tasks/{task_id}/executions/{execution_id}/output/stream", .streamOutput, access: .reader,
                scope: .readTasks,
                answering: open)
        ]
    }

    @Sendable private func open(_ call: Call) async throws -> Answer {
        let ((task, execution), bookmark) = try await readBoth({
            try await readBoth({ try call.taskID }, { try call.executionID })
        }) { try call.bookmark }
        let watch = try await executions.watch(execution, of: task, after: bookmark, as: call.caller)
        // Whoever has seen the end would come back for ever (HTML, section 9.2.3).
        guard !watch.isOver else { return .empty(headers: [.cacheControl: "no-store"]) }
        var answer = Answer(status: .ok, mediaType: "text/event-stream", headers: [.cacheControl: "no-store"])
        answer.stream = { send in await Self.pour(watch, for: call, send) }
        return answer
    }

    /// Whatever goes wrong ends the stream: the client comes back with its `Last-Event-ID`, and is told what is wrong.
    private static func pour(
        _ watch: OutputWatch, for call: Call, _ send: @Sendable ([UInt8]) async -> Bool
    ) async {
        var watch = watch
        var (lastEvent, lastCheck) = (ContinuousClock.now, ContinuousClock.now)
        do {
            while !watch.isOver {
                if ContinuousClock.now - lastCheck >= recheck {
                    lastCheck = .now
                    try await watch.check(try await call.readmission())
                }
                let told = try await watch.next()
                if !told.isEmpty {
                    lastEvent = .now
                    for (event, bookmark) in told {
                        guard await send(event.bytes(id: bookmark.text)) else { return }
                    }
                } else if ContinuousClock.now - lastEvent >= silence {
                    lastEvent = .now
                    guard await send(Array(": nothing new\n\n".utf8)) else { return }
                } else {
                    try await Task.sleep(for: pause)
                }
            }
        } catch {
            return
        }
    }
}

extension Call {
    /// Where the client left off; the beginning for one that is new.
    fileprivate var bookmark: OutputBookmark {
        get throws {
            guard let text = fields.lastEventID, !text.isEmpty else { return OutputBookmark() }
            guard let bookmark = OutputBookmark(text) else {
                throw InputFaults([.strangeBookmark])
            }
            return bookmark
        }
    }
}

extension OutputEvent {
    fileprivate func bytes(id: String) -> [UInt8] {
        Array("id: \(id)\nevent: \(name)\ndata: ".utf8) + JSONWriter.bytes(of: data) + Array("\n\n".utf8)
    }

    private var name: String {
        switch self {
        case .output(let stream, _, _): stream.rawValue
        case .truncated: "truncated"
        case .status: "status"
        case .end: "end"
        }
    }

    private var data: JSONValue {
        switch self {
        case .output(_, let offset, let text): ["offset": .integer(offset), "text": .string(text)]
        case .truncated(let stream, let bytes): ["stream": .string(stream.rawValue), "bytes": .integer(bytes)]
        case .status(let status, let attempt):
            ["status": .string(status.rawValue), "attempt_number": .integer(attempt)]
        case .end(let status, let reason, let code):
            [
                "status": .string(status.rawValue), "reason": reason.map { .string($0.rawValue) } ?? .null,
                "return_code": code.map(JSONValue.integer) ?? .null,
            ]
        }
    }
}
