import Domain
import HTTPTypes

/// What people and programs are told of a route beside its method, path and access: what it takes and what it answers.
///
/// A class, so that a route that is found is copied no slower for it.
final class RouteDescription: Sendable {
    /// What a route reads from the body of a request.
    enum Body: Sendable {
        case nothing
        case json(JSONSchema)
        /// JSON, or the same fields as a form.
        case jsonOrForm(JSONSchema)
    }

    /// What a route answers when all goes well.
    enum Content: Sendable {
        /// 204 and no body.
        case nothing
        case json(JSONSchema)
        /// Text of one of these media types.
        case texts(mediaTypes: [String])
        /// A stream of Server-Sent Events; or 204 where nothing comes any more.
        case events
    }

    /// The `operationId`: no other route has it, and programs are generated with it.
    let name: String
    let topic: Topic
    /// A few words.
    let summary: String
    /// Whatever else is good to know, in Markdown; may be empty.
    let detail: String
    let body: Body
    let query: [QueryParameter]
    let content: Content
    /// Why the route may refuse a request, beside what follows from its access, path, query and body.
    let refusals: [ErrorCode]

    /// A description of these parts.
    init(
        _ name: String, _ topic: Topic, _ summary: String, detail: String = "", body: Body = .nothing,
        query: [QueryParameter] = [], answers content: Content,
        refuses refusals: [ErrorCode] = []
    ) {
        self.name = name
        self.topic = topic
        self.summary = summary
        self.detail = detail
        self.body = body
        self.query = query
        self.content = content
        self.refusals = refusals
    }

    /// The same for a second route, under a name of its own.
    func renamed(_ name: String) -> RouteDescription {
        RouteDescription(
            name, topic, summary, detail: detail, body: body, query: query, answers: content, refuses: refusals)
    }
}

/// What a route is about; documents group routes by it.
enum Topic: String, Sendable, CaseIterable {
    case sessions = "Authentication"
    case users = "Users"
    case keys = "API keys"
    case tasks = "Tasks"
    case executions = "Executions"
    case schedules = "Schedules"
    case servers = "Servers"
    case audit = "Audit"
    case health = "Health and metrics"
    case description = "API description"

    /// One sentence about it.
    var sentence: String {
        switch self {
        case .sessions: "Registering, logging in, and who one is."
        case .users: "The accounts, for superusers; one's own, for everybody."
        case .keys: "A person's keys for programs."
        case .tasks: "What to do, and when."
        case .executions: "The runs of tasks, and why a slot did not become one."
        case .schedules: "When a schedule would fire, before it is used."
        case .servers: "The servers of the database, and the pause of all of them."
        case .audit: "Who changed what."
        case .health: "What probes ask and Prometheus scrapes."
        case .description: "This description, for programs and people."
        }
    }
}

/// A parameter of a query. An empty value is none.
struct QueryParameter: Sendable {
    let name: String
    /// Of one value.
    let schema: JSONSchema
    /// Whether it takes several values, repeated or separated by commas.
    let isRepeatable: Bool
    let note: String

    static func one(_ name: String, _ schema: JSONSchema, _ note: String = "") -> QueryParameter {
        QueryParameter(name: name, schema: schema, isRepeatable: false, note: note)
    }

    static func several(_ name: String, _ schema: JSONSchema, _ note: String = "") -> QueryParameter {
        QueryParameter(name: name, schema: schema, isRepeatable: true, note: note)
    }
}

extension [QueryParameter] {
    /// The part of a list that is asked for by page alone.
    static let page: [QueryParameter] = [
        .one("page", .integer(1...Int.max).byDefault(1), "A list reaches 1,000,000 rows."),
        .one("page_size", .integer(Window.pageSizes).byDefault(20)),
    ]

    /// The part of a list that is asked for, by page or by slice.
    static let window: [QueryParameter] =
        page + [
            .one("skip", .integer(0...Int.max), "With it, or `limit`, the rows come as a bare array."),
            .one(
                "limit", .integer(Window.sliceLimits),
                "With it, or `skip`, the rows come as a bare array. 100 if left out."),
        ]
}

extension RouteDescription.Content {
    /// A page of rows, or a bare array where `skip` or `limit` was sent.
    static func list(of row: JSONSchema, named name: String) -> RouteDescription.Content {
        .json(.any(of: [JSONSchema.pageSchema(of: row).named(name), .array(of: row)]))
    }
}

extension JSONSchema {
    fileprivate static func pageSchema(of row: JSONSchema) -> JSONSchema {
        .answer([
            "items": .array(of: row), "page": .integer(1...Int.max), "page_size": .integer(Window.pageSizes),
            "total": .integer(0...1_000_000),
        ])
    }
}
