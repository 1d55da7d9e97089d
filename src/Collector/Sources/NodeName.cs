namespace NetPulse.Collector.Sources;

/// <summary>This node's name, as it stands in the label <c>node</c>.</summary>
public sealed record NodeName(string Value);
