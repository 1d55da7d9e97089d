namespace NetPulse.Kubernetes.Client;

/// <summary>How a write is to be taken.</summary>
public sealed record WriteOptions
{
    public static readonly WriteOptions Default = new();

    /// <summary>Everything is checked and the result answered, nothing is stored.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Who owns the fields, at most 128 bytes; the client's own unless set.</summary>
    public string FieldManager { get; init; } = "";

    /// <summary>Apply only: takes fields that others own.</summary>
    public bool Force { get; init; }
}

/// <summary>What must still be true of an object that is to be deleted, and what happens to what it owns.</summary>
public sealed record DeleteOptions
{
    public static readonly DeleteOptions Default = new();

    /// <summary>Empty: any object of that name.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Empty: any version.</summary>
    public string ResourceVersion { get; init; } = "";

    public bool IsDryRun { get; init; }

    /// <summary>Seconds a pod is given to end; the pod's own unless set.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; the kind's own unless set.</summary>
    public string PropagationPolicy { get; init; } = "";
}

/// <summary>The body of a delete.</summary>
internal sealed record DeleteBody
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "DeleteOptions";

    public DeletePreconditions? Preconditions { get; init; }

    public IReadOnlyList<string> DryRun { get; init; } = [];

    public long? GracePeriodSeconds { get; init; }

    public string PropagationPolicy { get; init; } = "";

    public static DeleteBody Of(DeleteOptions options) => new()
    {
        Preconditions = options.Uid.Length + options.ResourceVersion.Length == 0 ? null : new DeletePreconditions { Uid = options.Uid, ResourceVersion = options.ResourceVersion },
        DryRun = options.IsDryRun ? ["All"] : [],
        GracePeriodSeconds = options.GracePeriodSeconds,
        PropagationPolicy = options.PropagationPolicy,
    };
}

internal sealed record DeletePreconditions
{
    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";
}
