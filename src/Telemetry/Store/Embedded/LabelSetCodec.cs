using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Labels as the log and the day files hold them: how many, then each name and value as a length and UTF-8.</summary>
internal static class LabelSetCodec
{
    public static void Write(WireWriter writer, LabelSet labels)
    {
        writer.Varint((ulong)labels.Labels.Length);
        foreach (var label in labels.Labels)
        {
            writer.Text(label.Name);
            writer.Text(label.Value);
        }
    }

    /// <param name="reader">Stands before the labels.</param>
    /// <param name="texts">One string for each text that was read before; gets the others.</param>
    /// <exception cref="FormatException">The bytes are no labels.</exception>
    public static LabelSet Read(ref WireReader reader, HashSet<string> texts)
    {
        var labels = new Label[reader.CountOfRest()];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = new Label(Shared(reader.Text(), texts), Shared(reader.Text(), texts));
        }

        try
        {
            return LabelSet.From(labels);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static string Shared(string text, HashSet<string> texts)
    {
        if (texts.TryGetValue(text, out var known))
        {
            return known;
        }

        texts.Add(text);
        return text;
    }
}
