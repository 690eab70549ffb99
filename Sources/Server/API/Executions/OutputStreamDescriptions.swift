/// What is told of the route that follows output.
extension RouteDescription {
    static let streamOutput = RouteDescription(
        "streamOutput", .executions, "Follow the output of an execution",
        detail: """
            Events `stdout`, `stderr`, `status`, `truncated` and `end`; `Last-Event-ID` resumes after one. After `end` \
            nothing comes: 204.
            """, answers: .events)
}
