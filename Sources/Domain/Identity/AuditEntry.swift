/// What the audit log tells of one change, beside who made it and when.
package struct AuditEntry: Sendable, Equatable {
    /// A noun and a verb, such as `task.create`.
    package let action: String
    /// The noun that `resourceID` is of, such as `task`.
    package let resourceType: String
    package let resourceID: String?
    /// Field by field, `{"from": …, "to": …}`; secrets read `"***"`.
    package let changes: [TextKey: JSONValue]

    /// A change of this row.
    package init<Entity>(
        _ action: String, _ resourceType: String, _ id: Identifier<Entity>, changes: [TextKey: JSONValue] = [:]
    ) {
        self.init(action, resourceType, id: id.description, changes: changes)
    }

    /// A change of what need not be a row.
    package init(_ action: String, _ resourceType: String, id: String?, changes: [TextKey: JSONValue] = [:]) {
        self.action = action
        self.resourceType = resourceType
        resourceID = id
        self.changes = changes
    }

    /// How the change of a field is told.
    package static func change(from before: JSONValue, to after: JSONValue) -> JSONValue {
        ["from": before, "to": after]
    }
}
