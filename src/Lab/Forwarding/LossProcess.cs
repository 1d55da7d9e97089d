namespace NetPulse.Lab.Forwarding;

/// <summary>Decides packet by packet; remembers whether it is in a burst.</summary>
internal sealed class LossProcess(Random random)
{
    private bool isBad;

    internal bool Loses(Loss? loss)
    {
        switch (loss)
        {
            case Loss.Independent independent:
                return random.NextDouble() < independent.Share;
            case Loss.Bursty bursty:
                isBad = random.NextDouble() < (isBad ? 1 - bursty.Ends : bursty.Begins);
                return isBad && random.NextDouble() < bursty.ShareWhileBad;
            default:
                isBad = false;
                return false;
        }
    }
}
