using System.Collections.Immutable;

namespace NetPulse.Kubernetes.Client;

/// <summary>Which objects of a kind are meant.</summary>
public sealed record ResourceQuery
{
    public static readonly ResourceQuery All = new();

    /// <summary>Empty: every namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>As <c>app=web,tier in (a,b)</c>.</summary>
    public string LabelSelector { get; init; } = "";

    /// <summary>As <c>spec.nodeName=node-1</c>; which fields are known differs from kind to kind.</summary>
    public string FieldSelector { get; init; } = "";

    /// <summary>Objects in an answer, 500 unless set; 0 asks for all in one. Each page is parsed whole.</summary>
    public int PageSize { get; init; } = 500;
}

/// <summary>Objects of one moment.</summary>
/// <param name="ResourceVersion">Of the whole list: from where a watch goes on.</param>
public sealed record ResourceList<T>(ImmutableArray<T> Items, string ResourceVersion);

/// <summary>One answer of a list in pages.</summary>
/// <param name="Continue">Asks for the next; empty after the last.</param>
/// <param name="Remaining">How many are to come; null where the server does not say (it does not with a selector).</param>
public sealed record ResourcePage<T>(ImmutableArray<T> Items, string ResourceVersion, string Continue, long? Remaining);

internal sealed record ListMeta
{
    public string ResourceVersion { get; init; } = "";

    public string Continue { get; init; } = "";

    public long? RemainingItemCount { get; init; }
}

/// <summary>A list as it comes; its items do not say their kind.</summary>
internal sealed record ListAnswer<T>
{
    public string Kind { get; init; } = "";

    public ListMeta Metadata { get; init; } = new();

    public IReadOnlyList<T> Items { get; init; } = [];
}
