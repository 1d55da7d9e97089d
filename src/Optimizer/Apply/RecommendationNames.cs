using System.Collections.Concurrent;

namespace NetPulse.Optimizer.Apply;

/// <summary>Which recommendation is behind a change, so that what the change writes can name it.</summary>
public sealed class RecommendationNames
{
    private readonly ConcurrentDictionary<string, string> names = new(StringComparer.Ordinal);

    /// <returns>Empty when none is known.</returns>
    public string Of(Change change) => names.GetValueOrDefault(RecommendationKey.Of(change), "");

    public void Remember(string fingerprint, string name) => names[fingerprint] = name;

    public void Forget(string fingerprint, string name) => names.TryRemove(KeyValuePair.Create(fingerprint, name));
}
