import Foundation

/// What a hostile client sends on one connection, and how it goes on.
struct HostileRequest: Sendable {
    enum Manner: Sendable {
        /// Says that no more comes, and reads all answers.
        case reading
        /// Hangs up without a look at them.
        case vanishing
    }

    let label: String
    let bytes: [UInt8]
    let manner: Manner
}

/// Hostile requests made up from a seed: the same seed makes the same requests.
struct HostileCorpus {
    /// Stands for every password and secret that is sent; it comes back in no answer, and stands in no log.
    static let secret = "pw-that-must-not-come-back"

    private var dice: SeededDice
    private let token: String
    /// Ids of rows that exist, and of none.
    private let ids: [String]

    init(seed: UInt64, token: String, tasks: [String]) {
        dice = SeededDice(state: seed)
        self.token = token
        ids =
            tasks + [
                "01900000-0000-7000-8000-000000000000", "0", "%00", "%FF%FE", "..%2f..", "%zz", "'--", "{task_id}",
            ]
    }

    /// As many of each kind.
    mutating func requests(ofEach count: Int) -> [HostileRequest] {
        (0..<count).flatMap { _ in
            [
                body(), body(), query(), path(), fields(), framing(), rubbish(), pipeline(), cut(), login(),
            ]
        }
    }

    // MARK: - The kinds

    private mutating func body() -> HostileRequest {
        let (method, path) = dice.pick([
            ("POST", "/tasks"), ("PUT", "/tasks/\(id)"), ("PATCH", "/tasks/\(id)"), ("POST", "/tasks/\(id)/execute"),
            ("POST", "/schedules/preview"), ("POST", "/auth/register"), ("POST", "/tasks/\(id)/pause"),
        ])
        let names = [
            "name", "command", "schedule", "schedule_type", "timezone", "starts_at", "timeout", "max_retries", "tags",
            "env", "metadata_info", "priority", "requires", "username", "email", "password", "page", "unknown",
            "\\u0000",
            "a\\ud800", "id", "owner_id",
        ]
        var members = (0..<dice.number(1...8)).map { _ in "\"\(dice.pick(names))\":\(value())" }
        if dice.isLucky(2) { members += [#""name":"n","command":"true","schedule":"0 0 1 1 *""#] }
        var bytes = Array("{\(members.joined(separator: ","))}".utf8)
        switch dice.number(0...9) {
        case 0: bytes.insert(dice.pick([0xFF, 0xC0, 0x80, 0xED, 0xF8, 0]), at: dice.number(0...bytes.count - 1))
        case 1: bytes.removeLast(dice.number(1...bytes.count))
        case 2: bytes = Array(String(repeating: dice.pick(["[", "{\"a\":"]), count: dice.number(60...100_000)).utf8)
        case 3: bytes = [0xEF, 0xBB, 0xBF] + bytes
        case 4: bytes += Array(repeating: 32, count: dice.number(1_000_000...1_100_000))
        default: break
        }
        return request(method, path, fields: type(), body: bytes, "body")
    }

    private mutating func login() -> HostileRequest {
        let name = dice.pick([
            "root-of-tests", "nobody-\(dice.number(0...999))", "a@b.org", "%00", String(repeating: "n", count: 300),
        ])
        guard dice.isLucky(2) else {
            let text = "{\"username\":\(value()),\"password\":\"\(Self.secret)\",\"x\":\(value())}"
            return request("POST", "/auth/login", fields: type(), body: Array(text.utf8), "login")
        }
        let text = "username=\(name)&password=\(Self.secret)&\(dice.pick(["%", "=", "&&&", "grant_type=%FF", "a[]=1"]))"
        let form = "Content-Type: application/x-www-form-urlencoded"
        return request("POST", "/auth/login", fields: [form], body: Array(text.utf8), "form")
    }

    private mutating func query() -> HostileRequest {
        let names = [
            "page", "page_size", "skip", "limit", "status", "tag", "q", "owner_id", "task_type", "is_active", "%00",
            "since",
        ]
        let values = [
            "-1", "0", "9223372036854775808", "1e9", "%00", "%FF", "%", "%zz", "%F0%28%8C%28", "true", "'", ",,,",
            "0x1F",
            "%EF%BC%91", String(repeating: "9", count: 5_000), String(repeating: "%CC%81", count: 900), "NaN",
        ]
        let pairs = (0..<dice.number(1...12)).map { _ in
            "\(dice.pick(names))\(dice.pick(["=", "[]=", "", "=="]))\(dice.pick(values))"
        }
        let path = dice.pick([
            "/tasks", "/tasks/\(id)/executions", "/nodes", "/auth/me", "/executions", "/audit", "/users",
        ])
        return request("GET", "\(path)?\(pairs.joined(separator: "&"))", "query")
    }

    private mutating func path() -> HostileRequest {
        let parts = (0..<dice.number(1...6)).map { _ in
            dice.pick([
                "tasks", id, "executions", "..", ".", "", "%2e%2e", "execute", "%00",
                String(repeating: "a", count: 3_000), "auth", "~",
            ])
        }
        let method = dice.pick(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"])
        return request(method, "/" + parts.joined(separator: "/"), "path")
    }

    private mutating func fields() -> HostileRequest {
        let long = String(repeating: "h", count: dice.number(1_000...60_000))
        let fields = [
            "X-Long: \(long)", "X-\(long): 1", "X-Nul: a\0b", "Authorization: Bearer \(long)",
            "Authorization: Basic eDp5",
            "Authorization: Bearer ..", "Authorization:", "X-API-Key: \(long)", "X-API-Key: \u{e9}", "Host: other",
            "Cookie: \(long)",
            "X-Forwarded-For: \(String(repeating: "1.2.3.4, ", count: 1_000))", "X-Forwarded-For: ,,,",
            "X-Forwarded-Proto: ,",
            "Origin: null", "Origin: \(long)", "Content-Type: \(long)", "X-Request-ID: a b\u{1}", "Accept: \(long)",
            "no colon",
            ": nothing", " folded: line", "Expect: 100-continue", "Expect: 200",
            "Upgrade: websocket\r\nConnection: Upgrade",
            "Connection: \(long)", "Range: bytes=0-9999999999", "If-Match: *", "Content-Encoding: gzip", "Trailer: x",
        ]
        let many = dice.isLucky(8) ? (0..<3_000).map { "X-\($0): 1" } : []
        let chosen = (0..<dice.number(1...4)).map { _ in dice.pick(fields) }
        return request(
            dice.pick(["GET", "POST", "OPTIONS"]), dice.pick(["/tasks", "/auth/me", "/nothing"]), fields: chosen + many,
            "fields")
    }

    private mutating func framing() -> HostileRequest {
        let frames = [
            "Content-Length: -1\r\n\r\n{}", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
            "Content-Length: +2\r\n\r\n{}",
            "Content-Length: 99999999999999999999\r\n\r\n{}",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
            "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n2;\(String(repeating: "e", count: 20_000))\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: \(String(repeating: "t", count: 60_000))\r\n\r\n",
            "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}X0\r\n\r\n",
            "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
            "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "Content-Length: 0x2\r\n\r\n{}", "Content-Length: 1048577\r\n\r\n{}", "Content-Length: 2\n\n{}",
            "Content-Length:\r\n\r\n",
        ]
        let path = dice.pick(["/tasks", "/auth/login", "/live", "/tasks/\(id)"])
        let head = "\(dice.pick(["POST", "GET", "PUT", "DELETE"])) /api/v1\(path) HTTP/1.1\r\nHost: x\r\n\(credentials)"
        return HostileRequest(label: "framing", bytes: Array((head + dice.pick(frames)).utf8), manner: manner())
    }

    private mutating func rubbish() -> HostileRequest {
        let bytes: [UInt8] =
            switch dice.number(0...3) {
            case 0: (0..<dice.number(1...4_000)).map { _ in UInt8(dice.number(0...255)) }
            case 1: Array(repeating: dice.pick([0, 10, 13, 32, 65, 255]), count: dice.number(1...70_000))
            case 2:
                Array(
                    "\(dice.pick(["GET", "", "G\0T", "PRI", "CONNECT"])) \(dice.pick(["/", "*", "", "/\u{e9}", "http://[", "//x", "x:1"])) \(dice.pick(["HTTP/1.1", "HTTP/0.9", "HTTP/2.0", "HTTP/1.", "", "FTP/1.1"]))\r\nHost: x\r\n\r\n"
                        .utf8)
            default: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + (0..<500).map { _ in UInt8(dice.number(0...255)) }
            }
        return HostileRequest(label: "rubbish", bytes: bytes, manner: manner())
    }

    private mutating func pipeline() -> HostileRequest {
        let parts = (0..<dice.number(2...60)).map { _ -> String in
            let body = dice.pick(["{}", "", "{", "null"])
            let head = dice.pick([
                "GET /live", "POST /api/v1/tasks", "GET /api/v1/tasks", "HEAD /health", "OPTIONS *", "GET /",
            ])
            return "\(head) HTTP/1.1\r\nHost: x\r\n\(credentials)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        let end = dice.pick(["", "NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\0\0"])
        return HostileRequest(label: "pipeline", bytes: Array((parts.joined() + end).utf8), manner: manner())
    }

    /// A request that ends before it is whole.
    private mutating func cut() -> HostileRequest {
        let whole = body().bytes
        return HostileRequest(
            label: "cut", bytes: Array(whole.prefix(dice.number(1...min(whole.count, 400)))), manner: manner())
    }

    // MARK: - Their parts

    private var credentials: String { "Authorization: Bearer \(token)\r\n" }

    private var id: String {
        mutating get { dice.pick(ids) }
    }

    private mutating func manner() -> HostileRequest.Manner { dice.isLucky(6) ? .vanishing : .reading }

    private mutating func type() -> [String] {
        let types = [
            "application/json", "application/json;charset=utf-16", "text/html", "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x", "*/*", "\u{1}",
        ]
        return dice.isLucky(4) ? ["Content-Type: \(dice.pick(types))"] : []
    }

    private mutating func value(depth: Int = 0) -> String {
        let plain = [
            "null", "true", "\"\"", "\"5\"", "-1", "0", "5.5", "1e400", "-0", "123456789012345678901234567890",
            "1e-400", "[]", "{}",
            "9223372036854775807", "-9223372036854775809", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
            "\"a\\u0000b\"", "NaN",
            "\"\(String(repeating: "x", count: dice.number(1...30_000)))\"", "\"\u{202E}\u{FEFF}\u{1F989}\"",
            "\"2020-02-30T25:61:00Z\"",
            "\"\(Self.secret)\"", "\"9999-12-31T23:59:59Z\"", "\"-292277022657-01-27T08:29:52Z\"",
            "\"* * * * * * * *\"", "\"99 99 99 99 99\"",
            "\"\(String(repeating: "e\u{301}", count: 200))\"", "01", "+1", "'x'", "1.", "\"\\x\"", "\"\t\"", "tru",
        ]
        guard depth < 4, dice.isLucky(4) else { return dice.pick(plain) }
        if dice.isLucky(2) {
            return "[\((0..<dice.number(0...40)).map { _ in value(depth: depth + 1) }.joined(separator: ","))]"
        }
        return "{\((0..<dice.number(0...9)).map { "\"k\($0)\":\(value(depth: depth + 1))" }.joined(separator: ","))}"
    }

    private mutating func request(
        _ method: String, _ path: String, fields: [String] = [], body: [UInt8]? = nil, _ label: String
    ) -> HostileRequest {
        var head = "\(method) /api/v1\(path) HTTP/1.1\r\nHost: x\r\n"
        if !dice.isLucky(8) { head += credentials }
        for field in fields { head += "\(field)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return HostileRequest(label: label, bytes: Array("\(head)\r\n".utf8) + (body ?? []), manner: manner())
    }
}

/// Numbers that follow from a seed (SplitMix64).
struct SeededDice {
    var state: UInt64

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return range.lowerBound + Int((mixed ^ (mixed >> 31)) % UInt64(range.count))
    }

    /// Once in `odds`.
    mutating func isLucky(_ odds: Int) -> Bool { number(1...odds) == 1 }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[number(0...values.count - 1)] }
}
