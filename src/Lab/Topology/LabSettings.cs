namespace NetPulse.Lab.Topology;

/// <summary>Where a lab is built.</summary>
public sealed record LabSettings
{
    /// <summary>Network namespaces are named <c>PREFIX-POD</c>. One lab at a time has a prefix, and everything of that prefix is its own.</summary>
    public string Prefix { get; init; } = "netpulse-lab";

    /// <summary>Where the pods' objects are written; <see langword="null"/>: nowhere.</summary>
    public string? ObjectsDirectory { get; init; }

    /// <summary>The node that the pods say they are on.</summary>
    public string NodeName { get; init; } = Environment.MachineName;
}
