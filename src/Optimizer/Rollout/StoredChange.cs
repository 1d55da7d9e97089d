using System.Text.Json;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Rollout;

/// <summary>A change and where it is, as text in a recommendation's status: from it a leader that takes over goes on.</summary>
internal static class StoredChange
{
    public static string Write(ChangeState state) => JsonSerializer.Serialize(state, ChangeJournal.Json);

    /// <returns><see langword="null"/> when it is of a version that we do not understand: the Tuner then undoes what was not kept, at its end.</returns>
    public static ChangeState? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ChangeState>(text, ChangeJournal.Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
