using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Classes;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Selectors against labels, one object at a time, host network or not: the engine leaves out what policies do not apply to, a check must see it.</summary>
internal static class Selection
{
    public static bool IsBehind(Pod pod, Service service) => service.Spec.Selector.Count > 0
        && pod.Metadata.Namespace == service.Metadata.Namespace
        && service.Spec.Selector.All(l => pod.Metadata.Labels.TryGetValue(l.Key, out var value) && value == l.Value);

    /// <summary>With the label that the API server puts on every namespace.</summary>
    public static bool MatchesNamespace(LabelSelector selector, string name, IReadOnlyDictionary<string, string> labels) =>
        SelectorMatch.Matches(selector, new Dictionary<string, string>(labels, StringComparer.Ordinal) { [Namespace.NameLabel] = name });

    /// <summary>The pods that a peer names, those on the host network among them.</summary>
    public static IEnumerable<Pod> PodsOf(NetworkPolicyPeer peer, string ownNamespace, PolicyInputs inputs)
    {
        if (peer.PodSelector is null && peer.NamespaceSelector is null)
        {
            return [];
        }

        var labels = inputs.Namespaces.GroupBy(static n => n.Metadata.Name, StringComparer.Ordinal).ToDictionary(static n => n.Key, static n => n.First().Metadata.Labels, StringComparer.Ordinal);
        return inputs.Pods.Where(pod =>
            (peer.NamespaceSelector is { } namespaces
                ? MatchesNamespace(namespaces, pod.Metadata.Namespace, labels.GetValueOrDefault(pod.Metadata.Namespace) ?? new Dictionary<string, string>(StringComparer.Ordinal))
                : pod.Metadata.Namespace == ownNamespace)
            && SelectorMatch.Matches(peer.PodSelector ?? LabelSelector.Everything, pod.Metadata.Labels));
    }

    /// <summary>Whether no labels whatever could match: two conditions contradict each other.</summary>
    public static bool IsContradiction(LabelSelector selector)
    {
        var keys = selector.MatchLabels.Keys.Concat(selector.MatchExpressions.Select(static e => e.Key)).Distinct(StringComparer.Ordinal);
        return keys.Any(key =>
        {
            var conditions = selector.MatchExpressions.Where(e => e.Key == key).ToList();
            var sets = conditions.Where(static e => e.Operator == LabelSelectorRequirement.In).Select(static e => e.Values.ToHashSet(StringComparer.Ordinal)).ToList();
            if (selector.MatchLabels.TryGetValue(key, out var stated))
            {
                sets.Add([stated]);
            }

            var mustBeAbsent = conditions.Exists(static e => e.Operator == LabelSelectorRequirement.DoesNotExist);
            var mustBePresent = sets.Count > 0 || conditions.Exists(static e => e.Operator == LabelSelectorRequirement.Exists);
            if (mustBeAbsent && mustBePresent)
            {
                return true;
            }

            if (sets.Count == 0)
            {
                return false;
            }

            var possible = sets.Aggregate(static (a, b) => [.. a.Intersect(b, StringComparer.Ordinal)]);
            possible.ExceptWith(conditions.Where(static e => e.Operator == LabelSelectorRequirement.NotIn).SelectMany(static e => e.Values));
            return possible.Count == 0;
        });
    }
}
