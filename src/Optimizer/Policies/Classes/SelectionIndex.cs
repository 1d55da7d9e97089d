using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Which of many selections match a pod: found by one of its labels, not by trying each.</summary>
internal sealed record SelectionIndex
{
    public static readonly SelectionIndex Empty = new();

    private static readonly ImmutableDictionary<string, string> NoLabels = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    // Selections of one namespace, by its name; and those of the namespaces that a selector matches, by its text.
    private ImmutableDictionary<string, Scope> Own { get; init; } = ImmutableDictionary.Create<string, Scope>(StringComparer.Ordinal);

    private ImmutableDictionary<string, Scope> Selecting { get; init; } = ImmutableDictionary.Create<string, Scope>(StringComparer.Ordinal);

    // By name: the labels of each namespace, and the keys of Selecting that match them.
    private ImmutableDictionary<string, ImmutableDictionary<string, string>> Labels { get; init; } = ImmutableDictionary.Create<string, ImmutableDictionary<string, string>>(StringComparer.Ordinal);

    private ImmutableDictionary<string, ImmutableArray<string>> Matched { get; init; } = ImmutableDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    public bool HasNamespace(string name) => Labels.ContainsKey(name);

    public bool HasLabels(string name, IReadOnlyDictionary<string, string> labels) =>
        Labels.TryGetValue(name, out var own) && own.Count == labels.Count + (labels.ContainsKey(Namespace.NameLabel) ? 0 : 1)
        && labels.All(l => l.Key == Namespace.NameLabel || (own.TryGetValue(l.Key, out var value) && value == l.Value));

    /// <param name="labels">Without the one of its name, which the API server puts on every namespace.</param>
    public SelectionIndex WithNamespace(string name, IReadOnlyDictionary<string, string>? labels)
    {
        var all = NoLabels.SetItems(labels ?? NoLabels).SetItem(Namespace.NameLabel, name);
        return this with
        {
            Labels = Labels.SetItem(name, all),
            Matched = Matched.SetItem(name, [.. Selecting.Where(s => SelectorMatch.Matches(s.Value.Namespaces, all)).Select(static s => s.Key)]),
        };
    }

    /// <param name="set">The number under which the selection is found.</param>
    public SelectionIndex With(int set, PodSelection selection)
    {
        if (selection.OwnNamespace is { } name)
        {
            return this with { Own = Own.SetItem(name, Own.GetValueOrDefault(name, Scope.Of(LabelSelector.Everything)).With(set, selection.Pods)) };
        }

        var text = SelectorMatch.TextOf(selection.Namespaces);
        if (Selecting.TryGetValue(text, out var known))
        {
            return this with { Selecting = Selecting.SetItem(text, known.With(set, selection.Pods)) };
        }

        var matched = Matched.ToBuilder();
        foreach (var candidate in Labels.Where(n => SelectorMatch.Matches(selection.Namespaces, n.Value)).Select(static n => n.Key))
        {
            matched[candidate] = matched[candidate].Add(text);
        }

        return this with { Selecting = Selecting.Add(text, Scope.Of(selection.Namespaces).With(set, selection.Pods)), Matched = matched.ToImmutable() };
    }

    public bool MatchesNamespace(PodSelection selection, string name) =>
        selection.OwnNamespace is { } own ? own == name : Labels.TryGetValue(name, out var labels) && SelectorMatch.Matches(selection.Namespaces, labels);

    /// <summary>The selections that match a pod of a namespace that is known.</summary>
    public List<int> Matching(string name, IReadOnlyDictionary<string, string> labels)
    {
        var found = new List<int>();
        if (Own.TryGetValue(name, out var own))
        {
            own.AddMatching(labels, found);
        }

        foreach (var text in Matched[name])
        {
            Selecting[text].AddMatching(labels, found);
        }

        return found;
    }

    /// <summary>The pod selectors of one choice of namespaces, those with labels by one of them.</summary>
    private sealed record Scope(LabelSelector Namespaces, ImmutableDictionary<(string Key, string Value), ImmutableList<Entry>> ByLabel, ImmutableList<Entry> Others)
    {
        public static Scope Of(LabelSelector namespaces) => new(namespaces, ImmutableDictionary<(string Key, string Value), ImmutableList<Entry>>.Empty, []);

        public Scope With(int set, LabelSelector pods)
        {
            var entry = new Entry(set, pods);
            if (pods.MatchLabels.Count == 0)
            {
                return this with { Others = Others.Add(entry) };
            }

            var (key, value) = pods.MatchLabels.First();
            return this with { ByLabel = ByLabel.SetItem((key, value), ByLabel.GetValueOrDefault((key, value), []).Add(entry)) };
        }

        public void AddMatching(IReadOnlyDictionary<string, string> labels, List<int> found)
        {
            Add(Others);
            foreach (var (key, value) in labels)
            {
                if (ByLabel.TryGetValue((key, value), out var candidates))
                {
                    Add(candidates);
                }
            }

            void Add(ImmutableList<Entry> entries)
            {
                foreach (var entry in entries)
                {
                    if (SelectorMatch.Matches(entry.Pods, labels))
                    {
                        found.Add(entry.Set);
                    }
                }
            }
        }
    }

    private sealed record Entry(int Set, LabelSelector Pods);
}
