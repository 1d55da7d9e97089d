using Microsoft.Win32.SafeHandles;

namespace NetPulse.Collector.Export.Spool;

/// <summary>One destination's way through the spool. Used by one thread at a time.</summary>
internal sealed class SpoolReader(ReadingSpool spool, SpoolCursor cursor) : IDisposable
{
    private SpoolSegment? segment;
    private SafeFileHandle? file;
    private FrameReader? frames;
    private ReadingDecoder? decoder;

    /// <summary>The number that comes after those that are done with.</summary>
    public long Next => cursor.Done + 1;

    /// <summary>Readings after those that are done with.</summary>
    public long Waiting => spool.LastNumber - cursor.Done;

    /// <summary>Completes when there is more to read.</summary>
    public Task Arrived => spool.Arrived;

    /// <summary>The first reading from a number on; <see langword="null"/> when there is none yet. One that is too old is given up on the way.</summary>
    public NumberedReading? Read(long from)
    {
        while (true)
        {
            var (inMemory, onDisk, length) = spool.Find(cursor, from);
            if (onDisk is null)
            {
                CloseFile();
                if (inMemory is null)
                {
                    return null;
                }
            }

            var found = inMemory ?? ReadFromDisk(onDisk!, length, from);
            if (found is not null && !spool.IsTooOld(found.Reading))
            {
                return found;
            }

            if (found is not null)
            {
                spool.CountOverflow(cursor, found.Reading.SampleCount);
                from = found.Number + 1;
            }
        }
    }

    public bool IsTooOld(NumberedReading numbered) => spool.IsTooOld(numbered.Reading);

    public void CountOverflow(long samples) => spool.CountOverflow(cursor, samples);

    /// <summary>All readings up to this one are done with.</summary>
    public void MoveTo(long number) => spool.MoveTo(cursor, number);

    public void Dispose() => CloseFile();

    /// <returns><see langword="null"/> where the segment is no longer there, or turned out to be unreadable and was given up.</returns>
    private NumberedReading? ReadFromDisk(SpoolSegment wanted, long length, long from)
    {
        try
        {
            if (segment != wanted)
            {
                CloseFile();
                file = File.OpenHandle(wanted.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                (segment, frames, decoder) = (wanted, new FrameReader(file), new ReadingDecoder());
            }

            while (frames!.Next(length) is { } record)
            {
                var numbered = decoder!.Read(record.Span);
                if (numbered.Number >= from)
                {
                    spool.HandOut(cursor, numbered.Number);
                    return numbered;
                }
            }

            throw new FormatException("a record that was there is gone");
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            var position = frames?.Position ?? 0;
            CloseFile();
            spool.GiveUpDamaged(wanted, position, e.Message);
            return null;
        }
    }

    private void CloseFile()
    {
        file?.Dispose();
        (segment, file, frames, decoder) = (null, null, null, null);
    }
}
