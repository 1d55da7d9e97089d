namespace NetPulse.Hosting;

/// <summary>What a caller must be allowed to ask an endpoint: a verb on a resource of netpulse.io that exists for roles alone, or on a path.</summary>
/// <remarks>An endpoint without a rule may be read with <see cref="Read"/>, and nothing else.</remarks>
public sealed record AccessRule
{
    public const string Group = "netpulse.io";

    /// <summary>For the kubelet, and for the page's own three files: nothing that was measured.</summary>
    public static readonly AccessRule Open = new() { Verb = "" };

    /// <summary>Status, journal, page and queries.</summary>
    public static readonly AccessRule Read = new() { Verb = "get", Resource = "optimizers/status" };

    /// <summary>Samples, from collectors and whoever else sends them.</summary>
    public static readonly AccessRule WriteSamples = new() { Verb = "create", Resource = "optimizers/samples" };

    /// <summary>A run now.</summary>
    public static readonly AccessRule Run = new() { Verb = "create", Resource = "optimizers/runs" };

    /// <summary>To let a recommendation happen, or not; the namespace is the recommendation's.</summary>
    public static readonly AccessRule Approve = new() { Verb = "approve", Resource = "networkrecommendations", NamespaceParameter = "namespace", NameParameter = "name" };

    /// <summary>As Prometheus' own roles have it.</summary>
    public static readonly AccessRule Metrics = new() { Verb = "get", Path = "/metrics" };

    /// <summary>Empty: anybody may.</summary>
    public required string Verb { get; init; }

    /// <summary>With its subresource; empty where a path is asked for.</summary>
    public string Resource { get; init; } = "";

    public string Path { get; init; } = "";

    /// <summary>Name of the route's value that says the namespace; empty: the cluster's scope.</summary>
    public string NamespaceParameter { get; init; } = "";

    /// <summary>Name of the route's value that says which object; empty: all.</summary>
    public string NameParameter { get; init; } = "";

    public override string ToString() => Path.Length > 0 ? $"{Verb} the path {Path}" : $"{Verb} {Resource} ({Group})";
}
