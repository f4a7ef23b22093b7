package assign

import (
	"math/big"

	"github.com/highwater-sam/highwater/estate"
)

// Band is one tier of a marginal scale: each unit above the band before, up to UpTo, is worth PerUnit.
type Band struct {
	UpTo    estate.Decimal `json:"up_to,omitempty"` // "" is without end, for the last band
	PerUnit estate.Decimal `json:"per_unit"`
}

// Marginal sends a quantity through bands in order of UpTo. What lies above the last band counts as in the last band.
func Marginal(quantity *big.Rat, bands []Band) *big.Rat {
	sum, below := new(big.Rat), new(big.Rat)
	for i, b := range bands {
		top := quantity
		if b.UpTo.Stated() && i < len(bands)-1 && b.UpTo.Rat().Cmp(quantity) < 0 {
			top = b.UpTo.Rat()
		}
		if part := new(big.Rat).Sub(top, below); part.Sign() > 0 {
			sum.Add(sum, part.Mul(part, b.PerUnit.Rat()))
		}
		below = top
	}
	return sum
}

// UserBands are the scales of IBM's user value units, by metric (read in secondary sources; a license may state its own).
var UserBands = map[string][]Band{
	"ibm-auvu": {{"20", "1"}, {"50", "0.83"}, {"", "0.80"}},
	"ibm-euvu": {{"2500", "1"}, {"5000", "0.8"}, {"10000", "0.7"}, {"30000", "0.65"}, {"50000", "0.55"}, {"100000", "0.5"},
		{"300000", "0.465"}, {"500000", "0.4"}, {"1000000", "0.36"}, {"100000000", "0.32"}},
	"ibm-xuvu": {{"10000", "1"}, {"50000", "0.875"}, {"100000", "0.6"}, {"500000", "0.4375"}, {"1000000", "0.3"}, {"25000000", "0.24375"},
		{"50000000", "0.15"}, {"250000000", "0.1375"}, {"", "0.05"}},
}
