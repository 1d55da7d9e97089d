using System.Globalization;

namespace NetPulse.Collector.Export.Spool;

/// <summary>How far one destination has come. Its numbers are read and set under the spool's lock.</summary>
internal sealed class SpoolCursor
{
    private readonly string? file;

    /// <param name="destination">Whose it is.</param>
    /// <param name="file">Where it outlives the process; nowhere where the spool is in memory.</param>
    public SpoolCursor(string destination, string? file)
    {
        Destination = destination;
        this.file = file;
        HandedOut = Done = file is not null && File.Exists(file) && long.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var done) ? done : -1;
    }

    public string Destination { get; }

    /// <summary>The last reading that is done with, delivered or given up; -1 for none.</summary>
    public long Done { get; private set; }

    /// <summary>The last reading that was handed out: it is in the destination's hands and no longer needed here.</summary>
    public long HandedOut { get; private set; }

    public void HandOut(long number) => HandedOut = Math.Max(HandedOut, number);

    public void MoveTo(long done)
    {
        Done = Math.Max(Done, done);
        HandOut(Done);
    }

    /// <exception cref="IOException">The disk refused; after a restart the same readings are sent again.</exception>
    public void Save(long done)
    {
        if (file is not null)
        {
            File.WriteAllText(file + ".new", done.ToString(CultureInfo.InvariantCulture));
            File.Move(file + ".new", file, overwrite: true);
        }
    }
}
