import EndToEndSupport

/// What was asked over the API.
enum Wish: Sendable, Equatable {
    case create(name: String)
    case delete
    case setActive(Bool)
    case describe(String)
    case reschedule(Cadence)
    case execute
    case cancel(execution: String)
}

/// What came of it.
enum Answer: Sendable, Equatable {
    /// A 2xx, with the id it gave.
    case done(id: String?)
    /// A 4xx: nothing was stored.
    case refused(Int)
    /// No answer, or a 5xx: it may or may not be stored, now or later.
    case unknown(Int?)
}

/// One request that writes, as it was remembered.
struct Entry: Sendable {
    let task: String?
    let wish: Wish
    let answer: Answer
    /// Nanoseconds since the machine started.
    let asked: UInt64
    let answered: UInt64
}

/// All requests that write, in the order of their answers.
actor Journal {
    private(set) var entries: [Entry] = []

    func note(_ entry: Entry) { entries.append(entry) }

    /// Sends one request to `member` and remembers its answer.
    @discardableResult
    func ask(_ wish: Wish, task: String?, _ request: Request, of member: Member, token: String) async -> Answer {
        let asked = Moment.now
        let answer: Answer
        do {
            let response = try await member.call(request.method, request.path, request.body, token: token)
            switch response.status {
            case 200..<300:
                let body = try? response.json
                answer = .done(id: body?["execution_id"].string ?? body?["id"].string)
            case 400..<500: answer = .refused(response.status)
            default: answer = .unknown(response.status)
            }
        } catch {
            answer = .unknown(nil)
        }
        note(Entry(task: task, wish: wish, answer: answer, asked: asked, answered: Moment.now))
        return answer
    }
}

struct Request: Sendable {
    let method: String
    let path: String
    var body: JSON?

    init(_ method: String, _ path: String, _ body: JSON? = nil) {
        self.method = method
        self.path = path
        self.body = body
    }
}
