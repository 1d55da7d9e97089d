using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Client;

/// <summary>One verb on one resource that we cannot do without.</summary>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Resource">With its subresource, as <c>nodetunings/status</c>.</param>
/// <param name="Name">The one object that it is about; empty: any.</param>
public sealed record NeededRule(string Verb, string Group, string Resource, string Name = "")
{
    /// <summary>To ask whose a token is, and what he may.</summary>
    public static IEnumerable<NeededRule> Reviews { get; } = [new("create", "authentication.k8s.io", "tokenreviews"), new("create", "authorization.k8s.io", "subjectaccessreviews")];

    /// <summary>Each verb on each resource of a group.</summary>
    public static IEnumerable<NeededRule> Of(string apiGroup, IEnumerable<string> resources, params string[] verbs) =>
        from resource in resources
        from verb in verbs
        select new NeededRule(verb, apiGroup, resource);

    /// <summary>Those that none of the rules allows.</summary>
    public static IEnumerable<NeededRule> Missing(IEnumerable<NeededRule> needed, IReadOnlyList<ResourceRule> granted) =>
        needed.Where(each => !granted.Any(each.IsAllowedBy));

    /// <summary>As in <see cref="KubernetesException"/>, so that one search of a log finds both.</summary>
    public override string ToString() => $"the verb {Verb} on {Resource} (apiGroup \"{Group}\"{(Name.Length > 0 ? $", name {Name}" : "")})";

    private bool IsAllowedBy(ResourceRule rule) =>
        Has(rule.Verbs, Verb)
        && Has(rule.ApiGroups, Group)
        && (Has(rule.Resources, Resource) || (Resource.Contains('/', StringComparison.Ordinal) && rule.Resources.Contains($"*/{Resource.Split('/')[1]}", StringComparer.Ordinal)))
        && (rule.ResourceNames.Count == 0 || (Name.Length > 0 && rule.ResourceNames.Contains(Name, StringComparer.Ordinal)));

    private static bool Has(IReadOnlyList<string> names, string name) => names.Contains(name, StringComparer.Ordinal) || names.Contains("*", StringComparer.Ordinal);
}
