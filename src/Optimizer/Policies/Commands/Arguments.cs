namespace NetPulse.Optimizer.Policies.Commands;

/// <summary>The words after a verb, taken one after the other.</summary>
internal sealed class Arguments(IEnumerable<string> words)
{
    private readonly List<string> rest = [.. words];

    /// <summary>The value of an option, as <c>--out FILE</c> or <c>--out=FILE</c>; null when it is not there.</summary>
    /// <exception cref="UsageException">It stands without a value.</exception>
    public string? Option(string name)
    {
        var at = rest.FindIndex(word => word == name || word.StartsWith($"{name}=", StringComparison.Ordinal));
        if (at < 0)
        {
            return null;
        }

        var isJoined = rest[at] != name;
        if (!isJoined && at + 1 == rest.Count)
        {
            throw new UsageException($"{name} needs a value");
        }

        var value = isJoined ? rest[at][(name.Length + 1)..] : rest[at + 1];
        rest.RemoveRange(at, isJoined ? 1 : 2);
        return value;
    }

    /// <summary>Whether a word that takes no value stands there, as <c>--quiet</c>.</summary>
    public bool Flag(string name) => rest.Remove(name);

    /// <exception cref="UsageException">There is no word left.</exception>
    public string Required(string what) => Optional() ?? throw new UsageException($"{what} is missing");

    /// <summary>The next word that is no option; null when there is none left.</summary>
    public string? Optional()
    {
        var at = rest.FindIndex(static word => !word.StartsWith("--", StringComparison.Ordinal));
        if (at < 0)
        {
            return null;
        }

        var word = rest[at];
        rest.RemoveAt(at);
        return word;
    }

    /// <exception cref="UsageException">There is a word left.</exception>
    public void End()
    {
        if (rest.Count > 0)
        {
            throw new UsageException($"{rest[0]} is not understood");
        }
    }
}

/// <summary>A command line that we cannot follow.</summary>
public sealed class UsageException(string problem) : Exception(problem);
