import Domain

/// The shape of every error.
enum ProblemSchema {
    static let problem = JSONSchema.answer([
        "type": .text.note("`urn:qkron:error:` and the `error_code`.").example("urn:qkron:error:not_found"),
        "title": .text.note("The same for every occurrence."),
        "status": .integer(400...599),
        "detail": .text.note("A sentence about this occurrence."),
        "instance": .text.note("The path of the request."),
        "error_code": .choice(of: ErrorCode.self),
        "timestamp": .time,
        "request_id": .text,
    ]).adding([
        "errors": .array(of: fault).note("With `validation_failed` alone: every fault found, 100 at most."),
        "status_text": .text.note("Of `/ready` alone."),
    ]).named("Problem")

    private static let fault = JSONSchema.answer([
        "loc": .array(of: .any(of: [.text, .integer]), count: 1...Int.max)
            .note("`body`, `query`, `path` or `header`, then keys and indexes."),
        "msg": .text,
        "type": .text,
    ]).named("Fault")
}
