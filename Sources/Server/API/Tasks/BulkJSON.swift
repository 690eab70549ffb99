import Domain

extension BulkChoice {
    /// What the body of a change of many tasks asks for.
    static func read(_ members: [TextKey: JSONValue]) throws(InputFaults) -> (BulkAction, BulkChoice) {
        var reader = BodyReader(members)
        reader.require("action")
        let action = reader.choice("action", of: BulkAction.self)
        let tags = reader.strings("tags", count: TaskLimits.mostTags, length: TaskLimits.tag)
        let ids: Sent<[Identifier<TaskDefinition>]> = reader.identifiers("ids", count: BulkChoice.idCount)
        switch (reader["tags"], reader["ids"]) {
        case (nil, nil): reader.fail("tags", "either tags or ids are required", type: "missing")
        case (.some, .some): reader.fail("ids", "either tags or ids may be sent, not both")
        case (.some, nil) where tags.optional?.isEmpty == true:
            reader.fail("tags", "must have at least 1 entries", type: "too_short")
        default: break
        }
        try reader.check()
        let choice: BulkChoice = ids.optional.map { .ids(Set($0)) } ?? .tagged(tags.or([]))
        return (action.or(.pause), choice)
    }
}
